"""XML as another implementation reads it: the same resource comes back."""

from __future__ import annotations

import json

import pytest
from fhir.resources.R4B import get_fhir_model_class

from fhir_facade.fhir.xml import to_xml

EXAMPLES = [
    {
        "resourceType": "Organization",
        "id": "o",
        "meta": {"lastUpdated": "2025-01-02T03:04:05Z", "profile": ["http://p|1"]},
        "language": "en",
        "contained": [{"resourceType": "Organization", "id": "c", "name": "Inner"}],
        "extension": [{"url": "http://x", "extension": [{"url": "y", "valueString": '1 < 2 & "3"'}]}],
        "identifier": [{"system": "urn:x", "value": "Ü\n\t1"}],
        "active": False,
        "_active": {"extension": [{"url": "http://why", "valueCode": "unknown"}]},
        "name": "Clínica <script>",
        "alias": ["one", "two"],
    },
    {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": 1,
        "link": [{"relation": "self", "url": "http://x/?a=1&b=2"}],
        "entry": [
            {
                "fullUrl": "http://x/Patient/1",
                "resource": {"resourceType": "Patient", "id": "1", "deceasedBoolean": False, "birthDate": "1980-01"},
                "search": {"mode": "match"},
            }
        ],
    },
    {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "value", "expression": ["http.type"]}],
    },
]


def back(resource):
    model = get_fhir_model_class(resource["resourceType"])
    read = model.model_validate_xml(to_xml(json.dumps(resource).encode()))
    return read.model_dump(), model.model_validate(resource).model_dump()


@pytest.mark.parametrize("resource", EXAMPLES, ids=lambda resource: resource["resourceType"])
def test_another_reader_gets_the_same_resource_back(resource):
    read, meant = back(resource)
    assert read == meant


def test_the_guides_examples_come_back_the_same(shared):
    import tarfile

    with tarfile.open(shared / "ig" / "hl7.fhir.us.carin-bb-2.2.0-compiled.tgz") as package:
        names = [name for name in package.getnames() if "/example/" in name and name.endswith(".json")]
        resources = [json.loads(package.extractfile(name).read()) for name in names]
    kinds = ("ExplanationOfBenefit", "Coverage", "Patient", "Organization", "Practitioner", "RelatedPerson")
    chosen = [each for each in resources if each.get("resourceType") in kinds]
    assert len(chosen) > 10
    for resource in chosen:
        resource.pop("text", None)
        read, meant = back(resource)
        assert read == meant, resource["id"]


def test_ids_of_elements_are_attributes_and_of_resources_elements():
    patient = {"resourceType": "Patient", "id": "p", "name": [{"id": "n", "text": "x"}], "_birthDate": {"id": "b"}}
    written = to_xml(json.dumps(patient).encode()).decode()
    assert '<id value="p"/><name id="n"><text value="x"/></name><birthDate id="b"/>' in written


def test_digits_stay():
    body = b'{"resourceType":"Observation","id":"x","valueQuantity":{"value":1.1000000000000000001}}'
    assert b'<value value="1.1000000000000000001"/>' in to_xml(body)


def test_a_narrative_leaves_as_its_text_alone():
    body = json.dumps(
        {
            "resourceType": "Patient",
            "text": {"status": "generated", "div": "<div><b>A</b> &lt; <script>x</script></div>"},
        }
    )
    written = to_xml(body.encode()).decode()
    assert '<div xmlns="http://www.w3.org/1999/xhtml">A &lt; x</div>' in written
    assert "<script" not in written


def test_indented_xml_is_one_element_per_line():
    assert to_xml(b'{"resourceType":"Patient","id":"1"}', indent=True).decode().splitlines()[-2:] == [
        ' <id value="1"/>',
        "</Patient>",
    ]
