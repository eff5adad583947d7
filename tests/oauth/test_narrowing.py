"""A member narrows what an app already has: at once, with all its tokens, and never to more."""

from __future__ import annotations

import pytest

from fhir_facade.access.scopes import Scopes
from fhir_facade.login.consent import SUBSTANCE_USE, NothingChosen, fewer
from fhir_facade.oauth.codes import end_grants, grants_of, narrow_grant
from fhir_facade.store.grants import Grants, Tokens
from fhir_facade.store.secrets import hash_of

ALL = Scopes.parse("openid profile offline_access patient/*.rs")


def narrowed_to(world, *ticked, withheld=frozenset()):
    ((grant, _),) = grants_of(world.server, "synthetic-1")
    return narrow_grant(world.server, grant.grant_id, *fewer(grant.scopes, grant.withheld | withheld, set(ticked)))


def seen(world, body):
    return world.bearer.authenticate(f"Bearer {body['access_token']}")


def test_a_narrowed_grant_holds_for_the_tokens_that_are_out_already(world, public):
    body = world.tokens(public)
    assert seen(world, body).scopes.allows("ExplanationOfBenefit", "s")
    narrowed_to(world, "coverage")
    grant = seen(world, body)
    assert grant.scopes.allows("Coverage", "s")
    assert not grant.scopes.allows("ExplanationOfBenefit", "s")
    assert not grant.scopes.allows("Patient", "r")
    assert grant.withheld == {SUBSTANCE_USE}


def test_a_refresh_after_the_narrowing_brings_nothing_back(world, public):
    body = world.tokens(public)
    narrowed_to(world, "coverage", "substance-use")
    again = world.refresh(public, body["refresh_token"]).json
    assert "patient/Coverage.rs" in again["scope"].split()
    assert "ExplanationOfBenefit" not in again["scope"]
    assert again["scope"] == str(seen(world, again).scopes)
    wide = world.refresh(public, again["refresh_token"], scope="patient/ExplanationOfBenefit.rs")
    assert wide.json["error"] == "invalid_scope"


def test_a_code_that_waits_gives_no_more_than_the_narrowed_grant(world, public):
    code, verifier = world.grant(public)
    with world.server.store.read() as connection:
        (grant,) = Grants(connection).good(world.clock.now, patient="synthetic-1")
    narrow_grant(world.server, grant.grant_id, *fewer(grant.scopes, grant.withheld, {"personal"}))
    assert "Coverage" not in world.redeem(public, code, verifier).json["scope"]


def test_introspection_tells_the_narrowed_scope(world, confidential):
    body = world.tokens(confidential)
    narrowed_to(world, "claims")
    told = world.token(confidential, {"token": body["access_token"]}, path="/oauth/introspect").json
    assert told["scope"] == str(seen(world, body).scopes)
    assert "Coverage" not in told["scope"]


def test_a_token_made_while_the_grant_was_narrowed_opens_no_more_than_the_grant(world, public):
    body = world.tokens(public)
    with world.server.store.read() as connection:
        late = Tokens(connection).find(hash_of(body["access_token"]))
    narrowed_to(world, "coverage")
    with world.server.store.write() as connection:  # as a refresh that had read the wide grant writes it
        connection.exec_driver_sql("UPDATE tokens SET scope = ? WHERE token_hash = ?", (late.scope, late.token_hash))
    assert not seen(world, body).scopes.allows("ExplanationOfBenefit", "s")


@pytest.mark.parametrize("wanted", ["patient/*.cruds user/*.rs", "patient/*.rs system/*.rs offline_access"])
def test_narrowing_never_widens(world, public, wanted):
    body = world.tokens(public, scopes="patient/Coverage.rs openid", withheld=frozenset({SUBSTANCE_USE}))
    ((before, _),) = grants_of(world.server, "synthetic-1")
    after = narrow_grant(world.server, before.grant_id, Scopes.parse(wanted), frozenset())
    assert str(after.scopes) == "patient/Coverage.rs"
    assert after.withheld == {SUBSTANCE_USE}
    assert str(seen(world, body).scopes) == "patient/Coverage.rs"


def test_narrowing_to_nothing_ends_the_grant(world, public):
    body = world.tokens(public)
    ((grant, _),) = grants_of(world.server, "synthetic-1")
    assert narrow_grant(world.server, grant.grant_id, Scopes.parse("openid"), frozenset()) is None
    assert not world.opens(body["access_token"])
    assert world.events[-1].outcome == "ended: member"


def test_a_grant_that_is_over_cannot_be_narrowed(world, public):
    world.tokens(public)
    ((grant, _),) = grants_of(world.server, "synthetic-1")
    end_grants(world.server, [grant.grant_id], "member")
    assert narrow_grant(world.server, grant.grant_id, ALL, frozenset()) is None
    assert narrow_grant(world.server, "unknown", ALL, frozenset()) is None


def test_narrowing_is_written_down_and_other_grants_stay(world, public, confidential):
    world.tokens(public)
    other = world.tokens(confidential)
    mine = next(grant for grant, app in grants_of(world.server, "synthetic-1") if app.app_id == public.app.app_id)
    narrow_grant(world.server, mine.grant_id, *fewer(mine.scopes, mine.withheld, {"claims"}))
    assert (world.events[-1].what, world.events[-1].outcome) == ("grant", "narrowed: member")
    assert mine.grant_id in world.events[-1].detail
    assert seen(world, other).scopes.allows("Coverage", "s")


def test_substance_use_information_stays_shared_only_while_it_is_ticked():
    assert fewer(ALL, frozenset(), {"claims", "substance-use"})[1] == frozenset()
    assert fewer(ALL, frozenset(), {"claims"})[1] == {SUBSTANCE_USE}
    assert fewer(ALL, frozenset({SUBSTANCE_USE}), {"claims", "substance-use"})[1] == {SUBSTANCE_USE}


def test_names_go_with_the_personal_information():
    assert "profile" in fewer(ALL, frozenset(), {"personal"})[0]
    assert "profile" not in fewer(ALL, frozenset(), {"claims"})[0]


@pytest.mark.parametrize("ticked", [set(), {"substance-use"}, {"sharing"}])
def test_leaving_nothing_of_a_grant_is_no_narrowing(ticked):
    with pytest.raises(NothingChosen):
        fewer(ALL, frozenset(), ticked)
