"""HAPI's validator as one Java process that takes batches of resources and answers with what it says of each."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tests.conformance.guides import GUIDES, Guide, missing_packages, packages_folder

_SOURCE = Path(__file__).parent / "java"
_MAIN = "fhirfacade.conformance.Validate"
_THREADS = 2


class CannotValidate(Exception):
    """Something the validator needs is missing; the message says what to do."""


@dataclass(frozen=True)
class Issue:
    """One message about one resource."""

    severity: str
    id: str
    path: str
    message: str


@dataclass(frozen=True)
class Verdict:
    """All messages about one resource under one guide."""

    guide: str
    name: str
    issues: tuple[Issue, ...]


def _build_folder() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    sources = sorted(path for path in _SOURCE.rglob("*") if path.suffix in {".java", ".xml", ".json"})
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]
    return cache / "fhir-facade" / f"validator-{digest}"


def build() -> Path:
    """The folder of the built validator; built by Maven on the first call after a change of its source.

    Raises:
        CannotValidate: Java or Maven is missing, or the build fails.
    """
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            raise CannotValidate(f"{program} is not on the path: install Java 17 and Maven 3.8 or later")
    folder = _build_folder()
    if (folder / "built").exists():
        return folder
    command = ["mvn", "-q", "-B", "-f", str(_SOURCE / "pom.xml"), "package", f"-Dbuild.folder={folder}"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise CannotValidate(f"the validator cannot be built:\n{result.stdout}{result.stderr}")
    (folder / "built").touch()
    return folder


class Validator:
    """The running validator; use it as a context manager."""

    def __init__(self, guides: tuple[Guide, ...] = GUIDES) -> None:
        if missing := missing_packages():
            raise CannotValidate(
                f"FHIR packages are missing in {packages_folder()}: {', '.join(missing)}; "
                "put them there or name their folder in FHIR_PACKAGES"
            )
        folder = build()
        jars = os.pathsep.join([str(folder / "conformance-validator-1.jar"), str(folder / "lib" / "*")])
        named = [f"{guide.name}={','.join(guide.packages)}" for guide in guides]
        self._process = subprocess.Popen(
            ["java", "-Xmx4g", "-cp", jars, _MAIN, str(packages_folder()), str(_THREADS), *named],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> Validator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def validate(self, batch: Iterable[tuple[str, str, bytes]]) -> Iterator[Verdict]:
        """What the validator says of each resource, in the order in which it gets through with them.

        Args:
            batch: guide, any name, and the JSON text; references resolve among the resources of the batch.
        """
        assert self._process.stdin
        assert self._process.stdout
        for guide, name, body in batch:
            self._process.stdin.write(f"{guide}\t{name}\t{body.decode()}\n")
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        while line := self._process.stdout.readline():
            if line == "\n":
                return
            answer = json.loads(line)
            issues = tuple(
                Issue(issue["severity"], issue["id"] or "", issue["path"] or "", issue["message"])
                for issue in answer["issues"]
            )
            yield Verdict(answer["guide"], answer["name"], issues)
        raise CannotValidate("the validator ended before it had answered; its messages stand above")
