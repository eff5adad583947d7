"""What an auditor typed: checked field by field, and kept sealed from one page of the result to the next."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta

from fhir_facade.registry.faults import Fault
from fhir_facade.store.audit_search import Wanted
from fhir_facade.store.secrets import is_name

DAYS = 7
"""Days that are searched where nobody says otherwise."""

KINDS = (
    "read",
    "vread",
    "search",
    "everything",
    "login",
    "token",
    "grant",
    "app",
    "app-review",
    "account",
    "staff",
    "key",
    "audit-search",
)
"""Words of the trail by which one can search."""

PATIENT = "patient-id"
"""The kind of identifier that needs no look-up."""

IDENTIFIERS = (PATIENT, "medicaid-id", "mbi", "member-number")
"""Kinds that the page suggests; any other that a source carries works too."""

LONGEST = 200
HIDDEN = "••••"
"""Stands for an identifier that was typed; it is no identifier of anybody."""

Find = Callable[[str, str], Sequence[str]]
"""Kind and value of an identifier → the members who carry it."""

_KIND = re.compile(r"[a-z][a-z0-9-]{1,40}")
_WORD = re.compile(r"[A-Za-z0-9._\-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditForm:
    """The fields as typed."""

    since: str = ""
    until: str = ""
    what: str = ""
    app_id: str = ""
    request_id: str = ""
    member_kind: str = PATIENT
    member: str = ""


def empty_form(today: date) -> AuditForm:
    """The form of somebody who typed nothing yet."""
    return AuditForm(since=(today - timedelta(days=DAYS - 1)).isoformat(), until=today.isoformat())


def form_of(typed: Mapping[str, str]) -> AuditForm:
    """The form that was sent."""
    return AuditForm(**{name: typed.get(name, "").strip()[:LONGEST] for name in AuditForm.__slots__})


def checked(form: AuditForm, find: Find) -> Wanted | Sequence[Fault]:
    """What to look for, or what is wrong with the form.

    Raises:
        ClaimsUnavailable: the member cannot be looked up now.
    """
    since, until = _day(form.since), _day(form.until)
    faults = [Fault(name, "fault.day") for name, day in (("since", since), ("until", until)) if day is None]
    if since and until and since > until:
        faults.append(Fault("until", "fault.days_order"))
    if form.what and form.what not in KINDS:
        faults.append(Fault("what", "fault.audit_kind"))
    if form.app_id and not (is_name(form.app_id) and _WORD.fullmatch(form.app_id)):
        faults.append(Fault("app_id", "fault.word"))
    if form.request_id and not _WORD.fullmatch(form.request_id):
        faults.append(Fault("request_id", "fault.word"))
    if form.member and not _KIND.fullmatch(form.member_kind):
        faults.append(Fault("member_kind", "fault.member_kind"))
    if faults or since is None or until is None:
        return faults
    patients = tuple(_members(form, find)) if form.member else ()
    if form.member and not patients:
        return [Fault("member", "fault.member")]
    return Wanted(
        since=_start(since),
        until=_start(until + timedelta(days=1)) - 1,
        what=form.what,
        app_id=form.app_id,
        request_id=form.request_id,
        patients=patients,
    )


def _members(form: AuditForm, find: Find) -> Sequence[str]:
    if form.member_kind == PATIENT:
        return [form.member.removeprefix("Patient/")] if form.member.isprintable() else []
    return find(form.member_kind, form.member)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year < 2200 else None


def _start(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000


def without_member(form: AuditForm) -> AuditForm:
    """The form without the identifier; what remains says that there was one."""
    return replace(form, member=HIDDEN if form.member else "")


def packed(form: AuditForm, wanted: Wanted, below: int | None) -> str:
    """The search as text, to be sealed: its pages need no identifier again."""
    return json.dumps([asdict(without_member(form)), asdict(wanted), below])


def unpacked(text: str) -> tuple[AuditForm, Wanted, int | None]:
    """The search that was packed."""
    form, wanted, below = json.loads(text)
    return AuditForm(**form), Wanted(**wanted | {"patients": tuple(wanted["patients"])}), below


def said(form: AuditForm) -> str:
    """The search for the audit trail: which fields were filled, never who was looked for."""
    told = {"from": form.since, "to": form.until, "kind": form.what, "app": form.app_id, "request": form.request_id}
    told["member"] = f"by {form.member_kind}" if form.member else ""
    return " ".join(f"{name}={value}" for name, value in told.items() if value)
