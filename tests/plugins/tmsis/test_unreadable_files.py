"""A claims file that nobody can recognise is told, not passed over."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plugins.tmsis.state_files import Folder, changes, claims, rejects, source


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda text: b"", "the file is empty"),
        (lambda text: text.decode().encode("utf-16"), "the file is UTF-16; write it as UTF-8"),
        (gzip.compress, "the file is compressed (gzip); unpack it"),
        (lambda text: text.decode().encode("cp037"), "the file is EBCDIC; write it as UTF-8"),
        (lambda text: text.split(b"\n", 1)[1], "the file begins without its header record, which says how to read it"),
    ],
)
def test_a_file_that_is_meant_and_cannot_be_read_is_told(
    tmp_path: Path, spoil: Callable[[bytes], bytes], reason: str
) -> None:
    folder = Folder(tmp_path, fixed=False)
    folder.person()
    folder.claim("COT", {"ICN-ORIG": "C1"})
    folder.claim("CRX", {"ICN-ORIG": "C2"})
    folder.write()
    file = next(tmp_path.glob("claim-rx.*"))
    file.write_bytes(spoil(file.read_bytes()))
    told = changes(tmp_path)
    assert rejects(told) == [(file.name, 1, reason)]
    assert [claim.claim_number.value for claim in claims(told)] == ["C1"]
    assert any(reason in fault for fault in source(tmp_path).check())
