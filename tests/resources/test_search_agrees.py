"""What the database answers is what R4's rules say, for random criteria over invented members."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from fhir_facade.contracts.plugin import SourceContext
from fhir_facade.fhir.mapper import Mapped, Mapper, no_labels
from fhir_facade.resources.page import Viewer
from fhir_facade.resources.replica import ReplicaResources
from fhir_facade.resources.schema import NAMES
from fhir_facade.search.index import index
from fhir_facade.search.match import matches
from fhir_facade.search.query import (
    Criterion,
    DateValue,
    IndexValue,
    IndexValues,
    Modifier,
    Prefix,
    ReferenceIndex,
    ReferenceValue,
    SearchQuery,
    SortKey,
    Span,
    StringValue,
    TokenIndex,
    TokenValue,
    Value,
)
from fhir_facade.search.registry import REGISTRY, Kind, Parameter
from fhir_facade_claims_synthetic import SyntheticSettings, SyntheticSource
from fhir_facade_claims_synthetic import plugin as synthetic
from tests.resources.filled import Filler
from tests.resources.world import SOURCE, whole

DAY = 86_400_000_000


def population(tmp_path: Path) -> SyntheticSource:
    return synthetic.open(SyntheticSettings(members=21), SourceContext(name=SOURCE, scratch=tmp_path))  # type: ignore[return-value]


def chosen(source: SyntheticSource) -> list[object]:
    """Six members with all kinds of claims, a few hundred of them."""
    pieces = [item for item in source.changes(None) if hasattr(item, "claims") and len(item.claims) < 200]
    return sorted(pieces, key=lambda item: -len(item.claims))[:6]


class Random:
    """Random criteria near what the resources carry."""

    def __init__(self, dice: random.Random, found: list[IndexValues]) -> None:
        self.dice, self.found = dice, found

    def query(self, kind: str) -> SearchQuery:
        parameters = list(REGISTRY[kind].parameters.values())
        criteria = tuple(self.criterion(self.dice.choice(parameters)) for _ in range(self.dice.choice((1, 1, 2, 3))))
        sort = ()
        if self.dice.random() < 0.3:
            sort = (SortKey(self.dice.choice(REGISTRY[kind].sorts), self.dice.random() < 0.5),)
        return SearchQuery(resource_type=kind, criteria=criteria, count=self.dice.choice((1, 3, 10, 50)), sort=sort)

    def criterion(self, parameter: Parameter) -> Criterion:
        modifier = self.dice.choice((None, None, *parameter.modifiers))
        if modifier is Modifier.MISSING:
            return Criterion(parameter.name, (), modifier, self.dice.random() < 0.5)
        values = tuple(self.value(parameter, modifier) for _ in range(self.dice.choice((1, 1, 1, 2, 3))))
        return Criterion(parameter.name, values, modifier)

    def carried(self, parameter: Parameter) -> IndexValue | None:
        values = [value for found in self.found for value in found.get(parameter.name, ())]
        return self.dice.choice(values) if values and self.dice.random() < 0.9 else None

    def value(self, parameter: Parameter, modifier: Modifier | None) -> Value:
        carried = self.carried(parameter)
        if parameter.kind is Kind.DATE:
            return self.date(carried)
        if parameter.kind is Kind.TOKEN or modifier is Modifier.IDENTIFIER:
            return self.token(carried)
        if parameter.kind is Kind.REFERENCE:
            return self.reference(carried)
        text = getattr(carried, "text", "no such text")
        return StringValue(text if self.dice.random() < 0.5 else text[: self.dice.randrange(1, 6)])

    def date(self, carried: IndexValue | None) -> DateValue:
        low = carried.low if isinstance(carried, Span) and carried.low is not None else 20_000 * DAY
        low += self.dice.choice((0, 0, 0, DAY, -DAY, 30 * DAY, -400 * DAY, 1_000_000))
        width = self.dice.choice((DAY, DAY, 31 * DAY, 365 * DAY, 1_000_000, 1_000))
        return DateValue(self.dice.choice(tuple(Prefix)), Span(low, low + width))

    def token(self, carried: IndexValue | None) -> TokenValue:
        if not isinstance(carried, TokenIndex):
            return TokenValue(self.dice.choice((None, "", "urn:x")), "nothing")
        shape = self.dice.randrange(5)
        system = (None, "", carried.system, carried.system, "urn:x")[shape]
        return TokenValue(system, None if shape == 3 else carried.code)

    def reference(self, carried: IndexValue | None) -> ReferenceValue:
        if not isinstance(carried, ReferenceIndex):
            return ReferenceValue(None, "nothing")
        kind, _, identifier = carried.reference.partition("/")
        shape = self.dice.randrange(4)
        if shape == 3:
            return ReferenceValue(None, f"https://elsewhere.example.org/{carried.reference}", foreign=True)
        return ReferenceValue((kind, None, "Patient")[shape], identifier)


def walk(resources: ReplicaResources, viewer: Viewer, query: SearchQuery) -> Iterator[str]:
    after = None
    while True:
        page = resources.search(viewer, query, after)
        assert len(page.matches) <= query.count
        yield from (match.id for match in page.matches)
        if page.next is None:
            return
        after = page.next


def visible(mapped: list[Mapped], kind: str) -> dict[str, IndexValues]:
    return {item.id: index(item.resource) for item in mapped if item.type == kind}


def test_the_database_and_the_rules_agree(filler: Filler, tmp_path: Path, full_counts: bool) -> None:
    pieces = chosen(population(tmp_path))
    filler.sync(whole(*pieces))  # type: ignore[arg-type]
    mapper, dice = Mapper(SOURCE), random.Random(7)
    resources, hits = filler.resources(), 0
    for piece in pieces:
        mapped = [item for item in mapper.resources(piece, labels=no_labels) if isinstance(item, Mapped)]  # type: ignore[arg-type]
        viewer = Viewer(patient=mapper.id(piece.member.member_id))  # type: ignore[attr-defined]
        named = {reference for item in mapped for reference in _references(item)}
        for kind in NAMES.values():
            found = visible(mapped, kind)
            if kind in ("Organization", "Practitioner"):
                found = {identifier: values for identifier, values in found.items() if f"{kind}/{identifier}" in named}
            some = Random(dice, list(found.values()))
            for _ in range(2_000 if full_counts else 40 if kind == "ExplanationOfBenefit" else 10):
                query = some.query(kind)
                expected = {identifier for identifier, values in found.items() if matches(query, values)}
                got = list(walk(resources, viewer, query))
                assert len(got) == len(set(got)), query
                assert set(got) == expected, query
                count = SearchQuery(resource_type=kind, criteria=query.criteria, count=0)
                assert resources.search(viewer, count).total == len(expected), query
                hits += bool(expected)
    assert hits > 100


def _references(item: Mapped) -> Iterator[str]:
    stack: list[object] = [item.resource]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            stack.extend(node.values())
            if isinstance(node.get("reference"), str) and item.type not in ("Organization", "Practitioner"):
                yield node["reference"]
        elif isinstance(node, list):
            stack.extend(node)
