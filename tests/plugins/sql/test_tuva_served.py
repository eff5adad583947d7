"""The Tuva seeds as they are served: every claim accounted for, and the same bytes live and from the copy."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from fhir_facade.contracts.claims import MemberRecords
from fhir_facade.fhir.mapper import Mapper, no_labels
from fhir_facade.resources.database import migrate, replica_url
from fhir_facade.resources.live import LiveResources
from fhir_facade.resources.page import Rendered, Resources, Viewer
from fhir_facade.resources.schema import NAMES
from fhir_facade.search.query import SearchQuery
from fhir_facade_claims_sql import SqlSource
from tests.plugins.sql.conftest import opened
from tests.plugins.sql.test_tuva import MEDICAL, PHARMACY, REJECTS_AT_MOST
from tests.resources.filled import Filler
from tests.resources.world import SOURCE

PAGE = 100
SEEN: dict[str, str] = {}
"""What each database served, as a digest: the first is what the others must equal."""


def everything(resources: Resources, viewer: Viewer) -> list[Rendered]:
    """Every resource of a member, page after page."""
    found: list[Rendered] = []
    for kind in NAMES.values():
        after = None
        while True:
            page = resources.search(viewer, SearchQuery(resource_type=kind, count=PAGE), after)
            found += page.matches
            if page.next is None:
                break
            after = page.next
    return found


def test_every_claim_is_served_or_listed_and_live_and_copy_are_alike_to_the_byte(
    source: SqlSource, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    account_for(source, tmp_path, figure, source.engine.dialect.name)


def test_the_older_schema_serves_the_very_same_bytes(
    older_tuva_url: str, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    source = opened(older_tuva_url, tmp_path, preset="tuva-2024")

    account_for(source, tmp_path, figure, f"{source.engine.dialect.name}, older schema")

    source.close()


def account_for(source: SqlSource, tmp_path: Path, figure: Callable[[str], None], database: str) -> None:
    """Every claim is served or listed, live as from the copy, and as from every other database."""
    url = replica_url(None, tmp_path / "state")
    migrate(url)
    filler = Filler(url, tmp_path / "state")
    report = filler.sync(source)
    copied, live = filler.resources(), LiveResources(source, Mapper(SOURCE), no_labels, seconds=60)
    members = {c.member.member_id: None for c in source.changes(None) if isinstance(c, MemberRecords)}
    served, digest, claims = Counter[str](), hashlib.sha256(), Counter[str]()
    for member in members:
        viewer = Viewer(patient=f"{SOURCE}-{member}", withheld=frozenset())
        stored = everything(copied, viewer)
        assert everything(live, viewer) == stored
        served.update(one.type for one in stored)
        claims.update(kind_of(one) for one in stored if one.type == "ExplanationOfBenefit")
        for one in stored:
            digest.update(one.body)
    filler.close()

    medical, pharmacy = claims.total() - claims["pharmacy"], claims["pharmacy"]
    told = f"{database}: {MEDICAL:,} medical and {PHARMACY} pharmacy claims in, {medical:,} and {pharmacy} served, "
    told += f"{report.rejected} rejected; {served.total():,} resources, the same bytes live and from the copy"
    figure(told)
    print(told)
    assert medical + pharmacy + report.rejected == MEDICAL + PHARMACY
    assert report.rejected <= REJECTS_AT_MOST
    assert len(rejects(report.rejects)) == report.rejected
    assert served["Patient"] == 10
    assert digest.hexdigest() == SEEN.setdefault("first", digest.hexdigest()), "another database served other bytes"


def kind_of(claim: Rendered) -> str:
    """The code of ``ExplanationOfBenefit.type``."""
    return str(json.loads(claim.body)["type"]["coding"][0]["code"])


def rejects(path: Path | None) -> list[str]:
    """Lines of a reject list with their reasons."""
    lines = path.read_text(encoding="utf-8").splitlines()[1:] if path else []
    assert all(line.rpartition(",")[2] for line in lines)
    return lines
