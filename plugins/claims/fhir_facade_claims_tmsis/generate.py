"""Writes the members and claims of any source as T-MSIS files, so that an agency can try the whole path in a minute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from fhir_facade.contracts.claims import Change, MemberRecords
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.people import Member, Organization, Practitioner
from fhir_facade_claims_tmsis.generate_claims import is_reversal, write_claim
from fhir_facade_claims_tmsis.layout import LayoutFault, choose, known
from fhir_facade_claims_tmsis.states import FIPS
from fhir_facade_claims_tmsis.writing import FILE_NAMES, Style, Value, Writer

Cells = dict[str, Value]

_OPEN = date(9999, 12, 31)
_RACES = {"2106-3": "001", "2054-5": "002", "1002-5": "003", "2028-9": "010", "2076-8": "015", "2131-1": "018"}
_LANGUAGES = {"en": "ENG", "es": "SPA", "vi": "VIE", "zh": "CHI", "ru": "RUS", "ar": "ARA", "ko": "KOR"}


@dataclass(slots=True)
class _Files:
    """The open files, and the providers that are written already."""

    writers: Mapping[str, Writer]
    providers: set[str] = field(default_factory=set)
    claims: int = 0


def write(changes: Iterable[Change], folder: Path, options: Mapping[str, str]) -> int:
    """Write every member and claim among ``changes`` into ``folder``; returns how many claims.

    Args:
        changes: what an extract source tells.
        folder: where the files go.
        options: ``layout`` (version), ``layouts`` (folder of further layout files), ``encoding`` (``flf``, ``psv``),
            ``state`` (federal number), ``created`` (YYYY-MM-DD).

    Raises:
        ConfigError: an option cannot be used, or the layout cannot hold the claims.
    """
    try:
        layouts = known(Path(options["layouts"]) if "layouts" in options else None)
        style = Style(
            layout=choose(layouts, options["layout"]),
            fixed=options["encoding"] == "flf",
            state=_state(options["state"]),
            created=_day(options["created"]),
        )
        return generate(changes, folder, style)
    except (LayoutFault, ValueError, OSError) as error:
        raise ConfigError((str(error),)) from error


def _state(number: str) -> str:
    if number.zfill(2) not in FIPS:
        raise ValueError(f"state: {number} is no federal number of a state, such as 06 for California")
    return number.zfill(2)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"created: {text} is no day, such as 2026-10-31") from error


def generate(changes: Iterable[Change], folder: Path, style: Style) -> int:
    """Write every member and claim among ``changes`` into ``folder``; returns how many claims.

    Args:
        changes: what an extract source tells.
        folder: where the files go; files of the same names are replaced.
        style: layout, encoding and state.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        files = _Files({subject: stack.enter_context(Writer(folder, subject, style)) for subject in FILE_NAMES})
        told: set[str] = set()
        for records in changes:
            if isinstance(records, MemberRecords):
                _member(files, records, first=records.member.member_id not in told)
                told.add(records.member.member_id)
        return files.claims


def _member(files: _Files, records: MemberRecords, *, first: bool) -> None:
    number = msis_id(records.member)
    if first:
        _eligibility(files.writers["ELG"], records, number)
    for organization in records.organizations:
        _provider(files, organization)
    for practitioner in records.practitioners:
        _provider(files, practitioner)
    by_number = {claim.claim_number.value: claim for claim in records.claims}
    npis = {p.practitioner_id: p.npi for p in records.practitioners}
    npis |= {o.organization_id: o.npi for o in records.organizations}
    for claim in records.claims:
        write_claim(files.writers, claim, number, by_number, npis)
        files.claims += not is_reversal(claim)


def msis_id(member: Member) -> str:
    """The state's number of a member: the one on the card, without what a T-MSIS id cannot hold."""
    return "".join(letter for letter in member.member_number.value if letter.isalnum())[:20]


def _eligibility(writer: Writer, records: MemberRecords, number: str) -> None:
    member = records.member
    born = member.birth_date or date(1970, 1, 1)
    own: Cells = {"MSIS-IDENTIFICATION-NUM": number}
    writer.record("ELG00002", own | _primary(member, born))
    language = next((_LANGUAGES[code] for code in member.languages if code in _LANGUAGES), None)
    mbi = next((key.value for key in member.match_keys if key.kind == "mbi"), None)
    writer.record("ELG00003", own | {"PRIMARY-LANGUAGE-CODE": language, "MEDICARE-BENEFICIARY-IDENTIFIER": mbi}
                  | _days("VARIABLE-DEMOGRAPHIC-ELEMENT", born, None))  # fmt: skip
    for address in member.addresses[:1]:
        fips = next((code for code, letters in FIPS.items() if letters == address.state), None)
        lines: Cells = {f"ELIGIBLE-ADDR-LN{n}": text[:60] for n, text in enumerate(address.lines[:3], start=1)}
        place: Cells = {"ELIGIBLE-ADDR-TYPE": "01", "ELIGIBLE-CITY": address.city, "ELIGIBLE-STATE": fips}
        place["ELIGIBLE-ZIP-CODE"] = (address.postal_code or "").replace("-", "") or None
        writer.record("ELG00004", own | lines | place | _days("ELIGIBLE-ADDR", born, None))
    for race in member.races:
        writer.record("ELG00016", own | {"RACE": _RACES.get(race.value, "017")} | _days("RACE-DECLARATION", born, None))
    if member.ethnicity:
        code = "5" if member.ethnicity.value == "2135-2" else "0"
        writer.record("ELG00015", own | {"ETHNICITY-CODE": code} | _days("ETHNICITY-DECLARATION", born, None))
    for coverage in records.coverages:
        if coverage.starts_on:
            span = _days("ENROLLMENT", coverage.starts_on, coverage.ends_on)
            writer.record("ELG00021", own | {"ENROLLMENT-TYPE": "1"} | span)


def _primary(member: Member, born: date) -> Cells:
    name = member.names[0]
    given = name.given[0] if name.given else None
    sex = {"male": "M", "female": "F"}.get(member.gender, "U")
    cells: Cells = {"ELIGIBLE-FIRST-NAME": given, "ELIGIBLE-LAST-NAME": name.family, "SEX": sex}
    cells["ELIGIBLE-MIDDLE-INIT"] = name.given[1][:1] if len(name.given) > 1 else None
    return (
        cells
        | {"DATE-OF-BIRTH": member.birth_date, "DATE-OF-DEATH": member.died_on}
        | _days("PRIMARY-DEMOGRAPHIC-ELEMENT", born, None)
    )


def _days(stem: str, start: date, end: date | None) -> Cells:
    return {f"{stem}-EFF-DATE": start, f"{stem}-END-DATE": end or _OPEN}


def _provider(files: _Files, provider: Organization | Practitioner) -> None:
    writer = files.writers["PRV"]
    organization = isinstance(provider, Organization)
    number = provider.organization_id if isinstance(provider, Organization) else provider.practitioner_id
    if number in files.providers:
        return
    files.providers.add(number)
    own: Cells = {"SUBMITTING-STATE-PROV-ID": number[:30]}
    name: Cells = {"FACILITY-GROUP-INDIVIDUAL-CODE": "01" if organization else "03"}
    if isinstance(provider, Organization):
        name["PROV-ORGANIZATION-NAME"] = provider.name[:60]
    else:
        name["PROV-FIRST-NAME"] = provider.name.given[0] if provider.name.given else None
        name["PROV-LAST-NAME"] = provider.name.family
    start = date(2000, 1, 1)
    writer.record("PRV00002", own | name | _days("PROV-ATTRIBUTES", start, None))
    if provider.npi:
        identifier: Cells = {"PROV-IDENTIFIER-TYPE": "2", "PROV-IDENTIFIER": provider.npi}
        writer.record("PRV00005", own | identifier | _days("PROV-IDENTIFIER", start, None))
