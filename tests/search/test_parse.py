"""What the parser takes, drops and refuses."""

from __future__ import annotations

import pytest

from fhir_facade.search.faults import BadSearch
from fhir_facade.search.parse import parse
from fhir_facade.search.query import Include, ReferenceValue, SortKey, TokenValue
from fhir_facade.search.registry import REGISTRY

BASE = "https://claims.example.gov/fhir"


def read(*pairs, kind="ExplanationOfBenefit", strict=False):
    return parse(kind, pairs, base=BASE, strict=strict)


def codes(*pairs, **options):
    with pytest.raises(BadSearch) as refused:
        read(*pairs, **options)
    return [fault.code for fault in refused.value.faults]


BAD_VALUES = [
    ("service-date", "yesterday"),
    ("service-date", "xx2024"),
    ("service-date", "2024-13"),
    ("service-date", "2024-02-30"),
    ("service-date", "2024-02-01T25:00"),
    ("service-date", "2024-02-01T10"),
    ("service-date", "2024-02-01T10:00+15:00"),
    ("service-date", "0000"),
    ("service-date", "gt"),
    ("service-date", "２０２４"),
    ("service-date", "2024,"),
    ("type", ","),
    ("type", "a,,b"),
    ("type", "|"),
    ("type", "a|b|c"),
    ("type", "a\\b"),
    ("type", "a\\"),
    ("type", "nul\x00"),
    ("type", "\ud800"),
    ("_id", "a/b"),
    ("_id", "x" * 65),
    ("_id", "http://x|a"),
    ("patient", "Organization/1"),
    ("patient", "not an id"),
    ("patient:Patient", "http://elsewhere.example/Patient/1"),
    ("type:missing", "yes"),
    ("type:missing", "true,false"),
    ("_count", "-1"),
    ("_count", "ten"),
    ("_count", "1e3"),
    ("_count", "９"),
    ("_total", "some"),
    ("_summary", "yes"),
    ("_pretty", "1"),
    ("_elements", "a.b"),
    ("_include", "*"),
    ("_include", "Coverage:payor"),
    ("_include", "ExplanationOfBenefit:facility"),
    ("_include", "ExplanationOfBenefit:patient:Organization"),
    ("_include", "ExplanationOfBenefit"),
    ("_include:iterate", "Nothing:payor"),
    ("_revinclude", "Provenance:target"),
]


@pytest.mark.parametrize("text", [" ", "\u0301", "\u00a0", " , "])
@pytest.mark.parametrize("modifier", ["", ":contains", ":exact"])
def test_a_text_that_would_match_everything_is_refused(text, modifier):
    assert codes((f"name{modifier}", text), kind="Organization") == ["value"]


@pytest.mark.parametrize("pair", BAD_VALUES, ids=lambda pair: ascii("=".join(pair))[:40])
@pytest.mark.parametrize("strict", [False, True])
def test_a_bad_value_is_an_error_in_lenient_handling_too(pair, strict):
    assert codes(pair, strict=strict) == ["value"]


@pytest.mark.parametrize(
    "pair",
    [
        ("type:text", "a"),
        ("service-date:not", "2024"),
        ("patient:Practitioner", "1"),
        ("identifier:of-type", "a|b|c"),
        ("patient.name", "x"),
        ("patient:Patient.name", "x"),
        ("_has:Observation:patient:code", "x"),
        ("_query", "x"),
        ("_text", "x"),
        ("_filter", "x"),
        ("_sort:desc", "_id"),
        ("_include:recurse", "ExplanationOfBenefit:patient"),
        ("_revinclude:iterate", "ExplanationOfBenefit:patient"),
    ],
)
def test_modifiers_chains_and_named_queries_that_are_not_offered_are_refused(pair):
    assert codes(pair) == ["not-supported"]


def test_unknown_names_are_dropped_and_reported():
    parsed = read(("favourite", "x"), ("Patient", "y"), ("type", "oral"))
    assert parsed.dropped == ("favourite", "Patient")
    assert parsed.applied == (("type", "oral"),)


def test_unknown_names_are_errors_where_handling_is_strict():
    assert codes(("favourite", "x"), strict=True) == ["not-supported"]


@pytest.mark.parametrize(
    ("sent", "told"),
    [(("favourite", "Type"), "Unknown: favourite, Type;"), (("123-45-6789", "é"), "Unknown: a parameter;")],
)
def test_unknown_names_are_told_where_they_are_words(sent, told):
    with pytest.raises(BadSearch) as raised:
        read(*((name, "x") for name in sent), strict=True)
    assert raised.value.faults[0].text.startswith(told)


def test_a_wrong_include_is_told_every_right_one():
    with pytest.raises(BadSearch) as raised:
        read(("_include", "*"))
    assert "ExplanationOfBenefit:patient" in raised.value.faults[0].text
    assert "ExplanationOfBenefit:*" in raised.value.faults[0].text


def test_every_fault_is_told_at_once():
    assert codes(("type", "|"), ("service-date", "x"), ("_count", "x"), ("nope", "x"), strict=True) == [
        "value",
        "value",
        "value",
        "not-supported",
    ]


def test_empty_values_are_ignored():
    assert read(("type", ""), ("_count", ""), ("nope", ""), strict=True).query.criteria == ()


def test_repeated_counts_never_widen_a_page():
    assert read(("_count", "5"), ("_count", "100")).query.count == 5
    assert read(("_count", "5000")).query.count == 100
    assert read(("_count", "5000")).applied == (("_count", "100"),)


@pytest.mark.parametrize("name", ["_sort", "_total", "_summary", "_elements", "_format", "_cursor"])
def test_contradicting_result_parameters_are_refused(name):
    values = {"_sort": ("_id", "created"), "_total": ("none", "accurate"), "_summary": ("true", "data")}
    first, second = values.get(name, ("a", "b"))
    assert codes((name, first), (name, second)) == ["value"]
    read((name, first), (name, first))


def test_count_zero_and_summary_count_are_the_same():
    assert read(("_summary", "count")).query.count == read(("_count", "0")).query.count == 0


def test_summary_and_elements_exclude_each_other():
    assert codes(("_summary", "true"), ("_elements", "id")) == ["value"]
    assert codes(("_summary", "text"), ("_include", "ExplanationOfBenefit:patient")) == ["value"]


def test_a_wildcard_include_is_the_declared_list():
    includes = read(("_include", "ExplanationOfBenefit:*")).query.includes
    assert [include.parameter for include in includes] == list(REGISTRY["ExplanationOfBenefit"].includes)


def test_an_include_may_name_its_target_and_go_on():
    parsed = read(
        ("_include", "ExplanationOfBenefit:provider:Organization"),
        ("_include", "ExplanationOfBenefit:coverage"),
        ("_include:iterate", "Coverage:payor"),
    )
    assert parsed.query.includes == (
        Include("ExplanationOfBenefit", "provider", "Organization"),
        Include("ExplanationOfBenefit", "coverage"),
        Include("Coverage", "payor", None, iterate=True),
    )


def test_sort_keys_that_are_not_declared_are_dropped_or_refused():
    parsed = read(("_sort", "-service-date,hair,_id,-_id"))
    assert parsed.query.sort == (SortKey("service-date", descending=True), SortKey("_id"))
    assert parsed.applied == (("_sort", "-service-date,_id"),)
    assert len(parsed.warnings) == 1
    assert codes(("_sort", "hair"), strict=True) == ["not-supported"]


def test_a_bare_id_may_be_of_any_type_the_parameter_points_to():
    values = read(("provider", "7")).query.criteria[0].values
    assert values == (ReferenceValue("Practitioner", "7"), ReferenceValue("Organization", "7"))


def test_escapes_are_resolved_after_splitting():
    values = read(("identifier", "a\\,b,c\\|d|e\\\\f,\\$")).query.criteria[0].values
    assert values == (TokenValue(None, "a,b"), TokenValue("c|d", "e\\f"), TokenValue(None, "$"))


def test_a_reference_version_is_left_out_with_a_warning():
    parsed = read(("patient", "Patient/1/_history/2"))
    assert parsed.query.criteria[0].values == (ReferenceValue("Patient", "1"),)
    assert parsed.warnings == ("patient: the version of a reference was left out",)


@pytest.mark.parametrize("pairs", [[("type", str(n)) for n in range(61)], [("type", ",".join(map(str, range(201))))]])
def test_too_many_parameters_or_values_are_too_costly(pairs):
    assert codes(*pairs) == ["too-costly"]


@pytest.mark.parametrize("kind", REGISTRY)
def test_every_declared_sort_key_and_include_is_a_declared_parameter(kind):
    declared = REGISTRY[kind]
    assert set(declared.sorts) | {name.removeprefix("-") for name in declared.order} <= set(declared.parameters)
    assert set(declared.includes) <= set(declared.parameters)
    for source, parameter in declared.revincludes:
        assert kind in REGISTRY[source].parameters[parameter].targets
