"""Narrowing never gives more than either side, whatever is asked and allowed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fhir_facade.access.scopes import INTERACTIONS, ONLY_BY_NAME, PLAIN, RESOURCE_TYPES, Scopes

SYSTEM = "http://terminology.hl7.org/CodeSystem/claim-type"
TYPES = (*RESOURCE_TYPES, *ONLY_BY_NAME)

resource_scopes = st.builds(
    "{}/{}.{}".format,
    st.sampled_from(["patient", "user", "system"]),
    st.sampled_from([*TYPES, "*"]),
    st.sampled_from(["r", "s", "rs", "cruds", "cud", "read", "write", "*"]),
)
granular = st.sampled_from(
    [f"patient/ExplanationOfBenefit.{p}?type={SYSTEM}|{c}" for p in ("r", "rs") for c in ("oral", "pharmacy")]
)
words = st.one_of(resource_scopes, granular, st.sampled_from(sorted(PLAIN)), st.text(max_size=12))
texts = st.lists(words, max_size=5).map(" ".join)


def of_context(scopes: Scopes, context: str) -> Scopes:
    return Scopes(tuple(scope for scope in scopes.smart if scope.context == context))


@given(texts, texts)
def test_what_is_granted_was_asked_and_allowed_and_nothing_is_lost(asked, allowed):
    one, other = Scopes.parse(asked), Scopes.parse(allowed)
    granted = one.within(other)
    for context in ("patient", "user", "system"):
        mine, theirs, both = (of_context(scopes, context) for scopes in (one, other, granted))
        for name in TYPES:
            for interaction in INTERACTIONS:
                expected = mine.allows(name, interaction) and theirs.allows(name, interaction)
                assert both.allows(name, interaction) is expected
                if expected and not both.constraints(name, interaction):
                    assert not mine.constraints(name, interaction)
                    assert not theirs.constraints(name, interaction)
    assert {plain for plain in PLAIN if plain in granted} == {p for p in PLAIN if p in one and p in other}


@given(texts)
def test_scopes_are_within_themselves_and_read_back(text):
    scopes = Scopes.parse(text)
    assert set(scopes.within(scopes).items) == set(scopes.items)
    assert Scopes.parse(str(scopes)) == scopes
    assert not scopes.hold_what_was_declined(scopes, scopes)


@given(texts, st.sets(st.sampled_from(TYPES)))
def test_what_a_member_keeps_back_is_gone_and_the_rest_stays(text, kept_back):
    scopes = Scopes.parse(text)
    left = scopes.without(types=kept_back)
    for name in TYPES:
        for interaction in INTERACTIONS:
            assert left.allows(name, interaction) is (name not in kept_back and scopes.allows(name, interaction))


@given(st.text(max_size=200))
def test_no_text_breaks_the_parser(text):
    assert isinstance(str(Scopes.parse(text)), str)
