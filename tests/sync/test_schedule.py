"""A source is synced when its schedule says so, and late data are called late."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fhir_facade.sync.schedule import business_days, is_late, parse

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("text", "last", "due"),
    [
        ("every 15 minutes", NOON - timedelta(minutes=14), False),
        ("every 15 minutes", NOON - timedelta(minutes=15), True),
        ("every 1 day", NOON - timedelta(hours=23), False),
        ("daily at 02:00", NOON - timedelta(hours=9), False),
        ("daily at 02:00", NOON - timedelta(hours=11), True),
        ("daily at 13:00", NOON - timedelta(hours=22), False),
        ("daily at 13:00", NOON - timedelta(hours=24), True),
        ("daily at 02:00", None, True),
    ],
)
def test_a_schedule_by_the_clock_knows_when_it_is_due(text: str, last: datetime | None, due: bool) -> None:
    assert parse(text).due(last, NOON) is due


@pytest.mark.parametrize("text", ["", "hourly", "every 0 minutes", "daily at 24:00", "every -1 days", "on file"])
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="every 15 minutes"):
        parse(text)


def test_files_count_when_they_have_settled(tmp_path: Path) -> None:
    plan, arrived = parse("on files"), NOON - timedelta(minutes=5)
    assert not plan.due(None, NOON, tmp_path)

    file = tmp_path / "claims.txt"
    file.write_text("x", encoding="utf-8")
    os.utime(file, (arrived.timestamp(), arrived.timestamp()))

    assert plan.due(None, NOON, tmp_path)
    assert plan.due(arrived - timedelta(hours=1), NOON, tmp_path)
    assert not plan.due(arrived + timedelta(minutes=1), NOON, tmp_path)
    assert not plan.due(None, arrived + timedelta(seconds=30), tmp_path)


def test_a_file_with_a_date_to_come_has_arrived_when_it_was_put_there(tmp_path: Path) -> None:
    plan, came = parse("on files"), datetime.now(UTC)
    file = tmp_path / "claims.txt"
    file.write_text("x", encoding="utf-8")
    tomorrow = came.timestamp() + 24 * 3600
    os.utime(file, (tomorrow, tomorrow))

    assert not plan.due(None, came + timedelta(seconds=30), tmp_path)
    assert plan.due(None, came + timedelta(minutes=2), tmp_path)
    assert plan.due(came - timedelta(hours=1), came + timedelta(minutes=2), tmp_path)


def test_a_weekend_is_no_working_day() -> None:
    friday, monday = datetime(2026, 11, 20, 23, tzinfo=UTC), datetime(2026, 11, 23, 1, tzinfo=UTC)

    assert business_days(friday, monday) == 1
    assert not is_late(None, friday, monday)
    assert is_late(None, friday, monday + timedelta(days=1))
    assert is_late(None, None, monday)
