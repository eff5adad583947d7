"""SAML: the promises, and responses that are unsigned, wrapped, replayed, foreign or hostile."""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fhir_facade.conformance.identity import IdentityConformance
from fhir_facade.conformance.identity_answers import fresh_attempt, mutations
from fhir_facade.contracts.errors import ConfigError, LoginRejected
from fhir_facade.contracts.identity import Answer, Attempt, Begin, RedirectTo
from fhir_facade.contracts.plugin import IdentityContext
from fhir_facade_identity_saml import SamlProvider, SamlSettings, plugin
from tests.peers.saml_idp import PASSWORD_TRANSPORT, SamlIdp
from tests.plugins.identity.complaining import complaints

CONTEXT = IdentityContext(accounts=None, production=True, public_base="https://facade.example")
ATTRIBUTES = {"medicaid_id": "A1", "shoe_size": "42"}

pytestmark = [
    pytest.mark.peer("xmlsec"),
    pytest.mark.filterwarnings(
        "ignore::pytest.PytestUnraisableExceptionWarning"
    ),  # pysaml2 leaves files to the collector
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
]


@pytest.fixture(scope="module")
def idp(tmp_path_factory: pytest.TempPathFactory) -> SamlIdp:
    idp = SamlIdp(tmp_path_factory.mktemp("saml"))
    (document,) = opened(idp).endpoints()
    assert document.path == "metadata"
    other = plugin.open(replace(settings(idp), entity_id="https://other.example/saml"), CONTEXT)
    idp.trust(document.body, other.endpoints()[0].body)
    return idp


def settings(idp: SamlIdp) -> SamlSettings:
    return SamlSettings(
        entity_id="https://facade.example/saml",
        metadata=idp.metadata,
        attributes={"medicaid_id": "medicaid-id"},
        assurance={PASSWORD_TRANSPORT: "ial2 aal1"},
    )


def opened(idp: SamlIdp) -> SamlProvider:
    return plugin.open(settings(idp), CONTEXT)


def posted(fields: dict[str, str]) -> Answer:
    return Answer(parameters=fields, method="POST")


def started(provider: SamlProvider) -> tuple[Attempt, RedirectTo]:
    attempt = fresh_attempt()
    begin = provider.begin(attempt)
    return replace(attempt, memory=begin.memory), begin


def altered(fields: dict[str, str], change) -> Answer:
    xml = base64.b64decode(fields["SAMLResponse"]).decode()
    changed = change(xml)
    assert changed != xml, "the test did not change the response"
    return posted(fields | {"SAMLResponse": base64.b64encode(changed.encode()).decode()})


def _in_a_hint(xml: str, found: re.Match[str]) -> bool:
    """Whether a place lies in a certificate sent along: nobody signs it, and nobody believes it (metadata counts)."""
    before = xml[: found.start()]
    return before.count("X509Certificate>") % 2 == 1


class TestSaml(IdentityConformance):
    @pytest.fixture(autouse=True)
    def idp_of_the_tests(self, idp: SamlIdp) -> None:
        self.idp = idp

    def open(self) -> SamlProvider:
        return opened(self.idp)

    def answer(self, attempt: Attempt, begin: Begin) -> Answer:
        return posted(self.idp.answer(begin.url, "maria", ATTRIBUTES))

    def refused(self, attempt: Attempt, begin: Begin) -> Answer:
        return posted(self.idp.refusal(begin.url))

    def tampered(self, good: Answer, chance: random.Random) -> Iterator[tuple[str, Answer]]:
        for what, bad in mutations(good, chance):
            if what.startswith("RelayState") or what.endswith(("without", "empty", "cut")):
                yield what, bad
        xml = base64.b64decode(good.parameters["SAMLResponse"]).decode()
        places = [found.start() for found in re.finditer(r"[A-Za-z0-9](?=[^<>]*<)", xml) if not _in_a_hint(xml, found)]
        how = chance.choice(list(WRAPPED))
        yield f"wrapped: {how}", altered(good.parameters, lambda xml: WRAPPED[how](xml, *parts_of(xml)))
        for _ in range(10):
            place = chance.choice(places)
            other = "x" if xml[place] != "x" else "y"
            bad = base64.b64encode((xml[:place] + other + xml[place + 1 :]).encode()).decode()
            yield f"character {place} changed", posted({**good.parameters, "SAMLResponse": bad})


def test_attributes_become_evidence(idp: SamlIdp) -> None:
    provider = opened(idp)
    attempt, begin = started(provider)
    identity = provider.finish(attempt, posted(idp.answer(begin.url, "maria", ATTRIBUTES)))
    assert (identity.issuer, identity.subject) == ("https://idp.example/saml", "maria")
    assert identity.evidence == {"medicaid-id": "A1"}
    assert (identity.assurance.ial, identity.assurance.aal) == (2, 1)


@pytest.mark.parametrize("unsigned", [{"sign_response": False}, {"sign_assertion": False}])
def test_response_and_assertion_must_both_be_signed(idp: SamlIdp, unsigned: dict[str, bool]) -> None:
    provider = opened(idp)
    attempt, begin = started(provider)
    with pytest.raises(LoginRejected):
        provider.finish(attempt, posted(idp.answer(begin.url, "maria", ATTRIBUTES, **unsigned)))


def test_a_signature_of_sha1_is_refused(idp: SamlIdp) -> None:
    provider = opened(idp)
    attempt, begin = started(provider)
    weak = {
        "sign_alg": "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "digest_alg": "http://www.w3.org/2000/09/xmldsig#sha1",
    }
    with pytest.raises(LoginRejected):
        provider.finish(attempt, posted(idp.answer(begin.url, "maria", ATTRIBUTES, **weak)))


def test_another_identity_provider_with_the_same_name_is_refused(idp: SamlIdp, tmp_path: Path) -> None:
    impostor, provider = SamlIdp(tmp_path, "impostor"), opened(idp)
    impostor.trust(provider.endpoints()[0].body)
    attempt, begin = started(provider)
    with pytest.raises(LoginRejected):
        provider.finish(attempt, posted(impostor.answer(begin.url, "maria", ATTRIBUTES)))


def test_an_unsolicited_response_and_one_to_another_request_are_refused(idp: SamlIdp) -> None:
    provider = opened(idp)
    attempt, begin = started(provider)
    for asked in (None, "_another-request"):
        with pytest.raises(LoginRejected):
            provider.finish(attempt, posted(idp.answer(begin.url, "maria", ATTRIBUTES, in_response_to=asked)))


def test_a_response_for_another_audience_or_address_is_refused(idp: SamlIdp) -> None:
    provider = opened(idp)
    attempt, begin = started(provider)
    for wrong in ({"sp_entity_id": "https://other.example/saml"}, {"destination": "https://other.example/acs"}):
        with pytest.raises(LoginRejected):
            provider.finish(attempt, posted(idp.answer(begin.url, "maria", ATTRIBUTES, **wrong)))


def parts_of(xml: str) -> tuple[str, str, str]:
    """The signed assertion, its signature, and a forged assertion about somebody else."""
    signed = re.search(r"<(\w+):Assertion .*</\1:Assertion>", xml, re.DOTALL)[0]
    signature = re.search(r"<(\w+):Signature .*?</\1:Signature>", signed, re.DOTALL)[0]
    forged = re.sub(r'ID="[^"]+"', 'ID="id-forged"', signed.replace(signature, ""), count=1)
    return signed, signature, forged.replace("A1", "B2").replace("maria", "evil")


def inside(forged: str, hidden: str) -> str:
    """The forged assertion with something hidden at its end."""
    return re.sub(r"(</\w+:Assertion>)$", lambda end: hidden + end[1], forged)


def forged_response(xml: str) -> str:
    """A whole forged response that keeps the signed one in its signature's Object."""
    signed, _, forged = parts_of(xml)
    outer = re.search(r"<(\w+):Signature .*?</\1:Signature>", xml.partition("<ns0:Status")[0], re.DOTALL)
    whole = re.sub(r"<\?xml[^>]*\?>", "", xml)
    mark = outer[0] if outer else ""
    object_ = f"<ds:Object xmlns:ds='http://www.w3.org/2000/09/xmldsig#'>{whole}</ds:Object>"
    closed = re.sub(r"(</\w+:Signature>)$", lambda end: object_ + end[1], mark)
    return re.sub(r'ID="[^"]+"', 'ID="id-outer"', whole, count=1).replace(mark, closed, 1).replace(signed, forged)


WRAPPED = {
    "forged before signed": lambda xml, signed, mark, forged: xml.replace(signed, forged + signed),
    "signed before forged": lambda xml, signed, mark, forged: xml.replace(signed, signed + forged),
    "signed within forged": lambda xml, signed, mark, forged: xml.replace(signed, inside(forged, signed)),
    "forged bears the signature, signed beside it": lambda xml, signed, mark, forged: xml.replace(
        signed, inside(forged, mark) + signed.replace(mark, "")
    ),
    "signed within the signature of forged": lambda xml, signed, mark, forged: xml.replace(
        signed, inside(forged, re.sub(r"(</\w+:Signature>)$", lambda end: signed.replace(mark, "") + end[1], mark))
    ),
    "signed among extensions": lambda xml, signed, mark, forged: xml.replace(
        signed, f"<Extensions xmlns='urn:oasis:names:tc:SAML:2.0:protocol'>{signed}</Extensions>{forged}"
    ),
    "signed in an Object": lambda xml, signed, mark, forged: xml.replace(
        signed, inside(forged, f"<Object xmlns='http://www.w3.org/2000/09/xmldsig#'>{signed}</Object>")
    ),
    "a forged response around the signed one": lambda xml, signed, mark, forged: forged_response(xml),
    "the signature cut out": lambda xml, signed, mark, forged: xml.replace(mark, ""),
    "two subjects": lambda xml, signed, mark, forged: xml.replace(
        signed,
        re.sub(
            r"(<\w+:Subject>)",
            lambda found: re.search(r"<\w+:Subject>.*?</\w+:Subject>", forged)[0] + found[1],
            signed,
            count=1,
        ),
    ),
}
"""Ways to put a forged assertion where it is read, and the signed one where its signature is checked (XSW)."""


@pytest.mark.parametrize("how", WRAPPED)
def test_a_signed_assertion_wrapped_into_a_forged_response_is_refused(idp: SamlIdp, how: str) -> None:
    provider = opened(idp)
    attempt, begin = started(provider)
    good = idp.answer(begin.url, "maria", ATTRIBUTES)
    with pytest.raises(LoginRejected):
        provider.finish(attempt, altered(good, lambda xml: WRAPPED[how](xml, *parts_of(xml))))


def test_entities_and_document_types_are_refused(idp: SamlIdp) -> None:
    provider = opened(idp)
    attempt, begin = started(provider)
    good = idp.answer(begin.url, "maria", ATTRIBUTES)
    evil = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'

    def insert(xml: str) -> str:
        return re.sub(r"(<\?xml[^>]*\?>)?", lambda found: (found[0] or "") + evil, xml, count=1).replace("maria", "&f;")

    with pytest.raises(LoginRejected):
        provider.finish(attempt, altered(good, insert))


def test_a_comment_in_the_name_changes_nobody(idp: SamlIdp) -> None:
    """A comment does not break the signature; the whole name must be read, not the part before it."""
    provider = opened(idp)
    attempt, begin = started(provider)
    good = idp.answer(begin.url, "maria.evil", ATTRIBUTES)
    try:
        identity = provider.finish(attempt, altered(good, lambda xml: xml.replace("maria.evil", "maria<!-- -->.evil")))
    except LoginRejected:
        return
    assert identity.subject == "maria.evil"


def test_settings_that_cannot_work_are_all_named(tmp_path: Path) -> None:
    bad = SamlSettings(entity_id="", metadata=tmp_path / "absent.xml", key=tmp_path / "k", assurance={"x": "high"})
    with pytest.raises(ConfigError) as caught:
        plugin.open(bad, CONTEXT)
    named = [fault.split(":")[0] for fault in caught.value.faults]
    assert named == [
        "identity.saml.entity_id",
        "identity.saml",
        "identity.saml.metadata",
        "identity.saml.key",
        "identity.saml.attributes",
        "identity.saml.assurance.x",
    ]


def test_metadata_that_is_no_metadata_is_a_config_error(tmp_path: Path) -> None:
    path = tmp_path / "idp.xml"
    path.write_text("<html>no</html>")
    with pytest.raises(ConfigError, match="metadata"):
        plugin.open(SamlSettings(entity_id="x", metadata=path, attributes={"a": "b"}), CONTEXT)


def test_a_plugin_that_takes_any_relay_state_breaks_a_promise(idp: SamlIdp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fhir_facade_identity_saml.provider.secrets.compare_digest", lambda one, other: True)
    suite = TestSaml()
    suite.idp = idp
    assert "RelayState without gave VerifiedIdentity" in complaints(suite, "test_tampered_answers_log_nobody_in")
