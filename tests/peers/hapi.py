"""A real HAPI RestfulServer over a file of resources: built by Maven once, run by Java."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.peers.fetched import fetched

_SOURCE = Path(__file__).parent / "hapi_server"
_REQUIRED = os.environ.get("FHIR_FACADE_PEERS") == "required"


def libraries() -> Path:
    """The folder of HAPI's libraries; fetched by Maven on the first call after a change of the list."""
    digest = hashlib.sha256((_SOURCE / "pom.xml").read_bytes()).hexdigest()[:12]
    return fetched(f"hapi-{digest}", _fetch) / "lib"


def _fetch(folder: Path) -> None:
    wanted = f"-DoutputDirectory={folder / 'lib'}"
    command = ["mvn", "-q", "-B", "-f", str(_SOURCE / "pom.xml"), "dependency:copy-dependencies", wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = f"Maven cannot fetch HAPI: {done.stdout[-500:]}"
        pytest.fail(reason) if _REQUIRED else pytest.skip(reason)


@contextmanager
def serving(resources: Iterable[bytes], folder: Path, token: str) -> Iterator[str]:
    """The FHIR base URL of a HAPI server that holds these resources and lets in who has the token."""
    file = folder / "resources.ndjson"
    file.write_bytes(b"\n".join(resources))
    command = ["java", "-Xmx512m", "-cp", f"{libraries()}/*", str(_SOURCE / "Upstream.java"), str(file), token]
    with (folder / "hapi.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
    assert process.stdin
    assert process.stdout
    try:
        word, _, port = process.stdout.readline().decode().strip().partition(" ")
        assert word == "port", (folder / "hapi.log").read_text(encoding="utf-8")[-2_000:]
        yield f"http://127.0.0.1:{port}/fhir"
    finally:
        process.stdin.close()
        process.stdout.close()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
