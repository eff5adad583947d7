"""No token, code, secret or verifier stands in the database, in a log at any level, or in a URL we make."""

from __future__ import annotations

import logging

import pytest

from tests.databases import on_both

from .conftest import signed, with_assertion


def spent_secrets(world, public, confidential, asymmetric, client_keys, rounds):
    """Every secret that came up while apps of all kinds got, renewed and lost tokens."""
    seen = [confidential.secret]
    for _ in range(rounds):
        for app in (public, confidential):
            code, verifier = world.grant(app)
            body = world.redeem(app, code, verifier).json
            again = world.refresh(app, body["refresh_token"]).json
            world.token(app, {"token": again["refresh_token"]}, path="/oauth/revoke")
            world.token(app, {"token": again["access_token"]}, path="/oauth/introspect")
            world.redeem(app, code, verifier)
            seen += [code, verifier]
            seen += [one[name] for one in (body, again) for name in ("access_token", "refresh_token")]
            seen.append(body["id_token"].rpartition(".")[2])
        assertion = signed(client_keys["ES384"], asymmetric.app.app_id, alg="ES384")
        form = {"grant_type": "client_credentials", "scope": "system/*.rs"}
        seen.append(assertion)
        seen.append(world.client.post("/oauth/token", data=with_assertion(form, assertion)).json["access_token"])
        world.client.get("/oauth/userinfo", headers={"Authorization": f"Bearer {seen[-1]}x"})
    return seen


@pytest.fixture
def dumped(request, database, store, tmp_path):
    """Everything that the database holds, as whoever stole it would read it."""

    def dump() -> str:
        if database == "postgresql":
            return str(request.getfixturevalue("postgresql").dump(store.url))
        store.close()
        return b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file()).decode("latin-1")

    return dump


@on_both
@pytest.mark.figure(of="R16")
def test_nothing_secret_is_in_a_dump_of_the_database(
    world, public, confidential, asymmetric, client_keys, dumped, full_counts, figure
):
    rounds = 1_200 if full_counts else 12
    seen = spent_secrets(world, public, confidential, asymmetric, client_keys, rounds)
    dump = dumped()
    assert len(seen) == 1 + 16 * rounds
    assert confidential.app.app_id in dump
    assert [secret for secret in seen if secret in dump or secret.encode().hex() in dump] == []
    figure(f"0 of {len(seen)} tokens, codes, verifiers and secrets in a dump of {len(dump) // 1024} KiB")


def test_nothing_secret_is_in_any_log(world, public, confidential, asymmetric, client_keys, caplog):
    caplog.set_level(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):
        if not name.startswith(("authlib", "joserfc")):
            caplog.set_level(logging.DEBUG, logger=name)
    seen = spent_secrets(world, public, confidential, asymmetric, client_keys, 2)
    assert [secret for secret in seen if secret in caplog.text] == []
    assert logging.getLogger("authlib").getEffectiveLevel() >= logging.WARNING


def test_nothing_secret_is_in_the_audit_trail_nor_in_what_python_shows(
    world, public, confidential, asymmetric, client_keys
):
    seen = spent_secrets(world, public, confidential, asymmetric, client_keys, 2)
    shown = repr(world.events) + repr(world.server)
    assert [secret for secret in seen if secret in shown] == []
    assert "0123456789abcdef" not in repr(world.server)
