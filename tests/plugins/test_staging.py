"""The staging file of sources that read unsorted files."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from fhir_facade.contracts.claims import Rejected
from fhir_facade.contracts.people import SourcePosition
from fhir_facade.contracts.staging import Faults, fingerprint, place_at, staged, watermark_at


class Opened:
    """A staging file that holds the state it was built of, and faults."""

    def __init__(self, path: Path) -> None:
        self.database = sqlite3.connect(path)
        self.fingerprint = self.database.execute("SELECT state FROM meta").fetchone()[0]
        self.faults = Faults(self.database)

    def close(self) -> None:
        self.database.close()


def stage(path: Path, state: str) -> Opened:
    def build(database: sqlite3.Connection) -> None:
        database.executescript(f"CREATE TABLE meta (state TEXT); {Faults.SCHEMA}")
        database.execute("INSERT INTO meta VALUES (?)", (state,))
        Faults(database).report("a.csv", 1, "its header is odd")

    return staged(path, state, Opened, build)


def test_a_staging_file_serves_again_as_long_as_the_files_are_the_same(tmp_path: Path) -> None:
    first = stage(tmp_path / "s.sqlite", "one")
    first.faults.note(Rejected(position=SourcePosition(file="a.csv", line=7), reason="a member's"))
    first.faults.commit()
    first.close()

    again = stage(tmp_path / "s.sqlite", "one")
    assert [one.reason for one in again.faults] == ["its header is odd", "a member's"]
    again.faults.forget()
    assert [one.reason for one in again.faults] == ["its header is odd"]
    assert [one.reason for one in stage(tmp_path / "s.sqlite", "two").faults] == ["its header is odd"]


@pytest.mark.parametrize("name", ["s.sqlite", "s.building"])
def test_what_a_killed_run_left_is_built_anew_and_nobody_elses(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"half a file")
    assert stage(tmp_path / "s.sqlite", "one").fingerprint == "one"
    assert [file.name for file in tmp_path.iterdir()] == ["s.sqlite"]
    assert (tmp_path / "s.sqlite").stat().st_mode & 0o077 == 0


def test_the_fingerprint_tells_another_size_time_name_or_setting(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("x")
    found = [fingerprint([("a", file)]), fingerprint([("b", file)]), fingerprint([("a", file)], "sign")]
    os.utime(file, (1, 1))
    found.append(fingerprint([("a", file)]))
    file.write_text("xy")
    os.utime(file, (1, 1))
    found.append(fingerprint([("a", file)]))
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("watermark", [None, "", "no json", "[]", watermark_at("other", after="M1")])
def test_a_run_begins_anew_after_any_watermark_but_that_of_the_same_files(watermark: str | None) -> None:
    assert place_at(watermark, "state") == {}
    assert place_at(watermark_at("state", after="M1"), "state")["after"] == "M1"
