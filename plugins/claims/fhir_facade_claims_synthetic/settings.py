"""The settings of the invented population."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.settings import setting

DEFAULT_TODAY = "2026-10-31"
"""The last day of the invented data: fixed, so that the same settings give the same bytes on any day."""

LEAST_MEMBERS = 21
"""The named members, and the older record of the one who was merged."""

MOST_MEMBERS = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticSettings:
    """``[claims.synthetic]``: how many members are invented, and for how many years."""

    members: int = setting(f"Number of invented members, at least {LEAST_MEMBERS} (those with a story)", default=100)
    seed: int = setting("Another seed gives another population", default=1)
    years: int = setting("Years of claims, 1–20", default=5)
    today: str | None = setting(
        f"Last day with claims, YYYY-MM-DD; {DEFAULT_TODAY} where absent", default=None, example="2026-10-31"
    )


@dataclass(frozen=True, slots=True)
class World:
    """Everything the population follows from: the same world gives the same records.

    Args:
        seed: the seed.
        members: how many members.
        years: years of claims that end with ``today``.
        today: last day with claims.
    """

    seed: int
    members: int
    years: int
    today: date

    @property
    def first_day(self) -> date:
        """First day with claims."""
        return self.today - timedelta(days=self.years * 365 - 1)


def world(settings: SyntheticSettings) -> World:
    """The world that the settings describe.

    Raises:
        ConfigError: a number out of range, or a day that does not exist; every fault at once.
    """
    faults = []
    if not LEAST_MEMBERS <= settings.members <= MOST_MEMBERS:
        faults.append(f"members: must be {LEAST_MEMBERS}–{MOST_MEMBERS}, not {settings.members}")
    if not 1 <= settings.years <= 20:
        faults.append(f"years: must be 1–20, not {settings.years}")
    try:
        today = date.fromisoformat(settings.today or DEFAULT_TODAY)
    except ValueError:
        faults.append(f"today: must be a day as YYYY-MM-DD, not {settings.today!r}")
    if faults:
        raise ConfigError(faults)
    return World(settings.seed, settings.members, settings.years, today)
