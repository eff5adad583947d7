"""Search values as they lie in the replica: rows of earlier versions must stay readable, so the form never changes."""

from __future__ import annotations

import msgspec

from fhir_facade.resources import facets
from fhir_facade.search.query import IndexValues, ReferenceIndex, Span, StringIndex, TokenIndex

FOUND: IndexValues = {
    "_profile": (StringIndex("https://example.org/p|1"), StringIndex("https://example.org/p")),
    "care-team": (ReferenceIndex("Practitioner/a"), TokenIndex("urn:x", "7")),
    "service-date": (Span(1, 2), Span(None, 9)),
    "status": (TokenIndex("", "active"),),
}
PACKED = {
    "_profile": ["https://example.org/p|1", "https://example.org/p"],
    "care-team": [["Practitioner/a"], ["urn:x", "7"]],
    "service-date": [[1, 2], [None, 9]],
    "status": [["", "active"]],
}


def test_search_values_are_packed_as_plain_lists_and_texts() -> None:
    assert facets.pack(FOUND) == msgspec.msgpack.encode(PACKED)


def test_search_values_come_back_as_they_were() -> None:
    assert facets.unpack(facets.pack(FOUND)) == FOUND
    assert facets.unpack(facets.pack(FOUND), {"status"}) == {"status": FOUND["status"]}


def test_codes_references_and_uris_have_terms_and_dates_have_none() -> None:
    expected = [("_profile", "https://example.org/p|1"), ("_profile", "https://example.org/p")]
    expected += [("care-team", "a"), ("care-team", "7"), ("status", "active")]
    assert facets.terms("ExplanationOfBenefit", FOUND) == "".join(facets.term(*one) for one in expected)


def test_a_service_without_a_beginning_has_no_first_instant() -> None:
    assert facets.bounds(FOUND) == (None, 9)
