"""Which claims are sensitive: substance-use information (42 CFR Part 2), by dated lists of codes.

A claim carries a label when its DRG, a diagnosis, a procedure or a line's service is on a list on a day of the claim.
Labels are put on when a claim is mapped; who may see it is decided on the resource, on every path, by the grant.
Lists are data: other sensitive services get a list with a label of their own.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from fhir_facade.contracts import codes
from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.records import Claim

PART_2 = "42CFRPart2"
"""Code of the label in HL7's ActCode system: information under 42 CFR Part 2."""

COLUMNS = ("label", "kind", "code", "since", "until")
SHIPPED = "2025-01"
"""The version of the list that comes with this release."""

_HEAD = re.compile(r"# version (\S+), ([0-9]+) codes")


class Kind(StrEnum):
    """Where in a claim a code is looked for: the same characters mean different things in different places."""

    ICD_10_DIAGNOSIS = "icd-10-diagnosis"
    ICD_9_DIAGNOSIS = "icd-9-diagnosis"
    ICD_10_PROCEDURE = "icd-10-procedure"
    ICD_9_PROCEDURE = "icd-9-procedure"
    SERVICE = "service"
    CPT = "cpt"
    MS_DRG = "ms-drg"


class Entry(NamedTuple):
    """One code of a list. ``since`` and ``until`` are inclusive ISO dates, empty for no limit."""

    label: str
    kind: Kind
    code: str
    since: str
    until: str


@lru_cache(maxsize=65536)
def plain(code: str) -> str:
    """A code as it is compared: no dots, no spaces, capitals."""
    return code.replace(".", "").replace(" ", "").upper()


_Span = tuple[str, date, date]


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitivityPolicy:
    """Labels claims.

    Args:
        version: of the shipped list.
        fingerprint: of all lists together; where it changes, claims labelled before must be labelled again.
    """

    version: str
    fingerprint: str
    _codes: Mapping[tuple[Kind, str], tuple[_Span, ...]] = field(repr=False)

    def labels(self, claim: Claim) -> frozenset[str]:
        """The security labels of a claim."""
        first = claim.service_start
        last = max(first, claim.service_end or first, claim.discharged_on or first)
        return self.labels_of(_keys(claim), first, last)

    def labels_of(self, keys: Iterable[tuple[Kind, str]], first: date, last: date) -> frozenset[str]:
        """The security labels of ``keys`` (codes as ``plain`` writes them) that stand for ``first`` to ``last``."""
        return frozenset(
            label
            for key in self._codes.keys() & set(keys)
            for label, since, until in self._codes[key]
            if since <= last and first <= until
        )


def load(version: str = SHIPPED, mounted: Sequence[Path] = ()) -> SensitivityPolicy:
    """The policy of one version of the shipped list and the operator's own files (CPT codes, other labels).

    Raises:
        ConfigError: a list is missing, is not of that version, or is damaged. Nothing is served without it.
    """
    faults: list[str] = []
    shipped = files("fhir_facade.access") / "data" / f"part2-{version}.csv"
    texts: list[tuple[str, str | None, str]] = []
    try:
        texts.append((f"the list of version {version}", version, shipped.read_text(encoding="utf-8")))
    except OSError:
        faults.append(f"sensitive codes: there is no list of version {version}; this release ships {SHIPPED}")
    for path in mounted:
        try:
            texts.append((str(path), None, path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            faults.append(f"sensitive codes: cannot read {path} ({type(error).__name__}); mount it, or remove its name")
    entries: list[Entry] = []
    for name, wanted, text in texts:
        try:
            entries += _read(text, wanted)
        except ValueError as error:
            faults.append(f"sensitive codes: {name} is damaged: {error}")
    if faults:
        raise ConfigError(faults)
    digest = hashlib.sha256("\n".join(sorted(map(repr, entries))).encode()).hexdigest()[:12]
    return SensitivityPolicy(version=version, fingerprint=digest, _codes=_by_code(entries))


def _read(text: str, wanted: str | None) -> Iterator[Entry]:
    head, _, rest = text.partition("\n")
    match = _HEAD.fullmatch(head.strip())
    if match is None or (wanted is not None and match[1] != wanted):
        raise ValueError("its first line must say its version and number of codes")
    rows = list(csv.reader(rest.splitlines()))
    if not rows or tuple(rows[0]) != COLUMNS or any(len(row) != len(COLUMNS) for row in rows):
        raise ValueError(f"its columns must be {', '.join(COLUMNS)}")
    if len(rows) - 1 != int(match[2]) or len(rows) == 1:
        raise ValueError(f"it should hold {match[2]} codes, but holds {len(rows) - 1}")
    for label, kind, code, since, until in rows[1:]:
        for day in (since, until):
            date.fromisoformat(day or "2000-01-01")
        if not label or not code:
            raise ValueError("a row without label or code")
        yield Entry(label, Kind(kind), plain(code), since, until)


def _by_code(entries: Iterable[Entry]) -> Mapping[tuple[Kind, str], tuple[_Span, ...]]:
    found: dict[tuple[Kind, str], tuple[_Span, ...]] = {}
    for entry in entries:
        since = date.fromisoformat(entry.since) if entry.since else date.min
        until = date.fromisoformat(entry.until) if entry.until else date.max
        key = (entry.kind, entry.code)
        found[key] = (*found.get(key, ()), (entry.label, since, until))
    return found


_DIAGNOSES = {codes.ICD_10_CM: Kind.ICD_10_DIAGNOSIS, codes.ICD_9_CM: Kind.ICD_9_DIAGNOSIS}
_PROCEDURES = {codes.ICD_10_PCS: Kind.ICD_10_PROCEDURE, codes.ICD_9_CM: Kind.ICD_9_PROCEDURE}
_SERVICES = frozenset({codes.HCPCS, codes.CPT})


def _keys(claim: Claim) -> Iterator[tuple[Kind, str]]:
    for diagnosis in claim.diagnoses:
        if diagnosis.code and (kind := _DIAGNOSES.get(diagnosis.code.system)):
            yield kind, plain(diagnosis.code.value)
    for procedure in claim.procedures:
        if kind := _PROCEDURES.get(procedure.code.system):
            yield kind, plain(procedure.code.value)
    for line in claim.lines:
        if line.procedure:
            yield from _service(line.procedure)
    if claim.drg:
        yield from _drg(claim.drg)
    for detail in (*claim.details, *(detail for line in claim.lines for detail in line.details)):
        if detail.code:
            yield from _anything(detail.code)


def _service(code: Code) -> Iterator[tuple[Kind, str]]:
    if code.system in _SERVICES:  # sources mix the two up; their codes never collide
        yield Kind.SERVICE, plain(code.value)
        yield Kind.CPT, plain(code.value)


def _drg(code: Code) -> Iterator[tuple[Kind, str]]:
    if code.system == codes.MS_DRG:
        yield Kind.MS_DRG, plain(code.value).zfill(3)


def _anything(code: Code) -> Iterator[tuple[Kind, str]]:
    """A code of the payer's own facts: all that its system may mean, for the place does not say which."""
    for kinds in (_DIAGNOSES, _PROCEDURES):
        if kind := kinds.get(code.system):
            yield kind, plain(code.value)
    yield from _service(code)
    yield from _drg(code)
