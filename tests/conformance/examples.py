"""CARIN's own published examples, as the packages carry them: the measure that our resources are compared with."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator

from tests.conformance.guides import Guide, packages_folder


def examples(guide: Guide) -> Iterator[tuple[str, bytes]]:
    """Name and JSON text (on one line) of each example of the guide."""
    with tarfile.open(packages_folder() / guide.packages[0]) as package:
        for member in package:
            name = member.name.removeprefix("package/example/")
            stream = package.extractfile(member)
            if stream is None or name == member.name or name.startswith(".") or not name.endswith(".json"):
                continue
            yield name.removesuffix(".json"), _one_line(stream.read())


def _one_line(text: bytes) -> bytes:
    """The same JSON without line ends; those can only stand between tokens, so digits of numbers are kept."""
    json.loads(text)
    return b" ".join(line.strip() for line in text.splitlines())
