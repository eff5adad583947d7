"""Apps that prove who they are by keys are registered by command, with the keys inline or at an address."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from joserfc.jwk import RSAKey

from fhir_facade.app.databases import store_url
from fhir_facade.cli.main import main
from fhir_facade.oauth.registry import list_apps
from fhir_facade.settings import load
from fhir_facade.store import Store


def add(small_config: Path, *arguments: str) -> Result:
    common = ["apps", "add", "--config", str(small_config), "--name", "App", "--kind", "asymmetric"]
    return CliRunner().invoke(main, [*common, "--redirect-uri", "https://app.example/cb", *arguments])


def test_a_key_set_in_a_file_is_kept_with_the_app(small_config: Path) -> None:
    key = RSAKey.generate_key(2048, parameters={"kid": "k1"})
    file = small_config.with_name("keys.json")
    file.write_text(json.dumps({"keys": [key.as_dict(private=False)]}), encoding="utf-8")
    assert add(small_config, "--jwks", str(file)).exit_code == 0
    (app,) = list_apps(Store(store_url(load(small_config))))
    assert app.jwks is not None
    assert app.jwks["keys"][0]["kid"] == "k1"


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"keys": 7}', '{"keys": []}', "[]"])
def test_a_file_that_is_no_key_set_is_refused_by_reason(small_config: Path, text: str) -> None:
    file = small_config.with_name("keys.json")
    file.write_text(text, encoding="utf-8")
    done = add(small_config, "--jwks", str(file))
    assert done.exit_code != 0
    assert isinstance(done.exception, SystemExit), done.exception
    assert "JWK set" in done.output or "key cannot be read" in done.output


def test_an_app_whose_name_has_square_brackets_is_listed_as_it_is_called(small_config: Path) -> None:
    for name in ("Claims [beta]", "Claims [/]"):
        assert add(small_config, "--jwks-uri", "https://app.example/keys", "--name", name).exit_code == 0
    done = CliRunner().invoke(main, ["apps", "list", "--config", str(small_config)])
    assert done.exit_code == 0, done.exception
    assert "Claims [beta]" in done.output
    assert "Claims [/]" in done.output


def test_several_addresses_of_an_app_stand_one_under_the_other(small_config: Path) -> None:
    assert (
        add(small_config, "--jwks-uri", "https://app.example/keys", "--redirect-uri", "https://b.example/").exit_code
        == 0
    )
    done = CliRunner().invoke(main, ["apps", "list", "--config", str(small_config)])
    assert "https://app.example/cb" in done.output
    assert not {"[", "'"} & set(done.output)
