"""What a claims source's data become: counted, timed, and said in words that a manager can read."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from fhir_facade.app.sources import mapper_of, scratch_of
from fhir_facade.conformance.asking import MOST_PAGES, told_of, unkept
from fhir_facade.conformance.expectations import filled, strange_codes
from fhir_facade.conformance.promises import broken
from fhir_facade.conformance.report import Report
from fhir_facade.conformance.typed import mistyped
from fhir_facade.contracts.claims import (
    Change,
    ClaimQuery,
    ClaimsSource,
    ExtractSource,
    LiveSource,
    MemberRecords,
    Rejected,
)
from fhir_facade.contracts.errors import ClaimsUnavailable, FacadeError, raised
from fhir_facade.contracts.faces import KnowsColumns
from fhir_facade.contracts.records import Claim
from fhir_facade.contracts.sections import Settings, SourceSettings
from fhir_facade.contracts.upstream import ResourcePage, ResourceQuery, ResourceSource
from fhir_facade.fhir.mapper import Mapped, Mapper, Rejection
from fhir_facade.plugins import close_source, open_source

log = logging.getLogger(__name__)

PAGE = 10
LIVE_MEMBERS = 50
"""Members about whom a live source is asked, and whose first page is timed."""


def examine(settings: Settings, entry: SourceSettings, most_members: int, named: Sequence[str] = ()) -> Report:
    """Read a source, map what it hands over, and count.

    Args:
        settings: of the facade.
        entry: the source.
        most_members: how many members to read.
        named: ids of members to ask about, where the source is live alone and cannot list them.

    Raises:
        ConfigError: the source cannot be opened.
    """
    scratch, report = scratch_of(settings, entry), Report(source=entry.name)
    scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="check-", dir=scratch) as own:  # a sync that runs meanwhile has files there, too
        _examine(
            open_source(entry, settings.path.parent, Path(own)), mapper_of(settings, entry), report, most_members, named
        )
    return report


def _examine(
    source: ClaimsSource | ResourceSource, mapper: Mapper, report: Report, most_members: int, named: Sequence[str]
) -> None:
    try:
        _ask(source, mapper, report, most_members, named)
    except ClaimsUnavailable as error:
        _unavailable(str(error), report)
    except FacadeError:
        raise
    except (Exception, SystemExit) as error:  # an adapter that is being written raises anything
        log.exception("the source raised %s", type(error).__name__)
        report.faults.append(f"the source raised {raised(error)}; what follows it was not read")
    finally:
        close_source(source, report.source)


def _unavailable(reason: str, report: Report) -> None:
    """Say so once: what ``check`` of the source has named already is not named again."""
    if not any(reason in fault for fault in report.faults):
        report.faults.append(f"{reason}; what follows it was not read")


def _ask(
    source: ClaimsSource | ResourceSource, mapper: Mapper, report: Report, most_members: int, named: Sequence[str]
) -> None:
    report.faults = [str(fault) for fault in source.check()]
    if isinstance(source, KnowsColumns):
        report.unread = {table: sorted(columns) for table, columns in source.unread().items() if columns}
    report.listed = report.complete = isinstance(source, ExtractSource)
    if isinstance(source, ExtractSource):
        _read(source, mapper, report, most_members)
    elif isinstance(source, LiveSource):
        for records in filter(None, (told_of(source, member_id) for member_id in named)):
            _count(records, mapper, report)
    elif isinstance(source, ResourceSource):
        for member_id in named:
            _look_at(source, member_id, report)
    if isinstance(source, LiveSource):
        report.promises.update(unkept(source, report.member_ids[:LIVE_MEMBERS]))
        _time(source, report)


def _read(source: ExtractSource, mapper: Mapper, report: Report, most_members: int) -> None:
    for change in _some(source.changes(None), report, most_members):
        if isinstance(change, Rejected):
            report.unreadable[change.reason] += 1
        elif isinstance(change, MemberRecords):
            try:
                _count(change, mapper, report)
            except Exception as error:  # records of wrong types raise anywhere
                report.promises[f"the records of a member break the contract: {raised(error)}"] += 1


def _some(changes: Iterable[Change], report: Report, most_members: int) -> Iterator[Change]:
    seen: set[str] = set()
    for change in changes:
        if isinstance(change, MemberRecords):
            seen.add(change.member.member_id)
            if len(seen) > most_members:
                report.complete = False
                return
        yield change
    report.complete = True


def _count(records: MemberRecords, mapper: Mapper, report: Report) -> None:
    if records.member.member_id not in report.member_ids:
        report.member_ids.append(records.member.member_id)
    _identify(records, report)
    for fault in broken(records):
        report.promises[_general(fault)] += 1
    for claim in records.claims:
        _describe(claim, report)
    for mapped in mapper.resources(records):
        if isinstance(mapped, Rejection):
            report.rejected[_general(mapped.reason)] += 1
        elif isinstance(mapped, Mapped):
            report.emitted.add((mapped.type, mapped.id))
            report.findings.update(map(_general, mapped.findings))


def _describe(claim: Claim, report: Report) -> None:
    report.claims[str(claim.kind)] += 1
    report.seen_ids[claim.claim_id] += 1
    if not any(mistyped(claim, "claim")):
        report.filled.update((claim.kind, name) for name in filled(claim))
        report.strange_codes.update(set(strange_codes(claim)))


def _look_at(source: ResourceSource, member_id: str, report: Report) -> None:
    """A member of an upstream that speaks FHIR: what it hands over of each type, and how fast the first page comes."""
    if source.read("Patient", member_id, member_id) is None:
        return
    report.member_ids.append(member_id)
    report.emitted.add(("Patient", member_id))
    for kind in ("Coverage", "ExplanationOfBenefit"):
        started = time.perf_counter()
        page = _page(source, kind, member_id, None)
        report.page_seconds.append(time.perf_counter() - started)
        found = list(page.resources)
        for _ in range(MOST_PAGES):
            if page.next_cursor is None:
                break
            page = _page(source, kind, member_id, page.next_cursor)
            found += page.resources
        report.emitted.update((kind, str(one.get("id"))) for one in found)
    report.claims["as the upstream gives them"] += len(found)


def _page(source: ResourceSource, kind: str, member_id: str, cursor: str | None) -> ResourcePage:
    query = ResourceQuery(resource_type=kind, member_id=member_id, parameters=(), count=PAGE, cursor=cursor)
    return source.search(query)


def _identify(records: MemberRecords, report: Report) -> None:
    """Who carries which identifier, so that two members or two claims with the same one are found."""
    member = records.member
    numbers = [member.member_number, *filter(None, [member.unique_member_id])]
    for number in numbers:
        report.owners.add("member number", f"{number.system}|{number.value}", member.member_id)
    for key in member.match_keys:
        report.owners.add(f"log-in identifier {key.kind}", key.value, member.member_id)
    for claim in records.claims:
        report.owners.add("claim number", f"{claim.claim_number.system}|{claim.claim_number.value}", claim.claim_id)


def _general(sentence: str) -> str:
    """A sentence without the number of the claim or line it is about, so that equal faults are counted together."""
    words = sentence.split()
    kept = ["…" if any(letter.isdigit() for letter in word) else word for word in words]
    if len(kept) > 1 and kept[0] == "claim":
        kept[1] = "…:"
    return " ".join(kept)


def _time(source: LiveSource, report: Report) -> None:
    """How long the first page of each member takes, against the two-second promise."""
    for member_id in report.member_ids[:LIVE_MEMBERS]:
        started = time.perf_counter()
        source.search(ClaimQuery(member_id=member_id, count=PAGE))
        report.page_seconds.append(time.perf_counter() - started)
