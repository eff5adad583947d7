"""A config file is read whole: every fault in one message, secrets never in the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from fhir_facade.contracts.errors import ConfigError
from fhir_facade.settings import load

SMALLEST = """
[server]
environment = "sandbox"
[[claims]]
name = "rif"
adapter = "rif"
[identity]
provider = "sandbox"
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "facade.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(tmp_path: Path, text: str, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as raised:
        load(written(tmp_path, text), environment or {})
    return str(raised.value)


def test_the_smallest_file_is_enough(tmp_path: Path) -> None:
    settings = load(written(tmp_path, SMALLEST), {})

    assert settings.claims[0].mode == "replica"
    assert settings.fhir.carin == "2.2.0"
    assert settings.identity.providers == ("sandbox",)


def test_every_fault_is_in_one_message(tmp_path: Path) -> None:
    message = faults_of(
        tmp_path,
        """
        colour = "blue"
        [server]
        enviroment = "sandbox"
        public_base = 7
        [fhir]
        carin = "1.0.0"
        [[claims]]
        name = "Medical Claims"
        adapter = "sql"
        """,
    )

    for fault in (
        "colour",
        "server.enviroment",
        "server.public_base",
        "fhir.carin",
        "claims[0].name",
        "identity.provider",
    ):
        assert fault in message


def test_a_word_that_is_no_choice_is_answered_by_the_choices_alone(tmp_path: Path) -> None:
    message = faults_of(tmp_path, SMALLEST + '[fhir]\ncarin = "3.0"\n')

    assert "fhir.carin: must be one of 2.0.0, 2.1.0, 2.2.0" in message
    assert "not str" not in message


def test_a_secret_in_the_file_is_refused_without_being_repeated(tmp_path: Path) -> None:
    message = faults_of(tmp_path, SMALLEST + '[store]\nurl = "postgresql://me:hunter2@db/facade"\n')

    assert "store.url" in message
    assert "hunter2" not in message


def test_a_secret_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * 40 + "\n", encoding="utf-8")
    text = SMALLEST + '[store]\nurl = { env = "STORE" }\n[keys]\nidentifiers = { file = "key" }\n'

    settings = load(written(tmp_path, text), {"STORE": "sqlite:///x"})

    assert settings.store.url is not None
    assert settings.store.url.reveal() == "sqlite:///x"
    assert settings.keys.identifiers is not None
    assert settings.keys.identifiers.reveal() == "k" * 40
    assert "sqlite" not in repr(settings)


def test_a_missing_environment_variable_is_named(tmp_path: Path) -> None:
    message = faults_of(tmp_path, SMALLEST + '[store]\nurl = { env = "STORE" }\n')

    assert "STORE is not set" in message


def test_production_refuses_what_only_a_sandbox_may(tmp_path: Path) -> None:
    message = faults_of(tmp_path, SMALLEST.replace('"sandbox"\n[[', '"production"\n[['))

    for fault in ("server.public_base", "keys.identifiers", "keys.cursors", "identity.provider"):
        assert fault in message


def test_a_minimum_for_a_category_is_checked_at_start(tmp_path: Path) -> None:
    message = faults_of(tmp_path, SMALLEST + "[login]\nminimum_ial_for = { claim = 2, coverage = 4 }\n")
    assert "the categories of the consent page are claims, coverage, personal, sharing" in message
    assert "an identity assurance level is 0, 1, 2 or 3" in message
    assert "must be a whole number" in faults_of(tmp_path, SMALLEST + '[login]\nminimum_ial_for = { claims = "2" }\n')


def test_a_match_by_name_alone_is_refused_at_start(tmp_path: Path) -> None:
    rules = '[login]\nmatch = [["family", "given"], ["birth-date", "family", "ssn-last4"], ["birth_date", "mbi"]]\n'
    message = faults_of(tmp_path, SMALLEST + rules)
    assert "login.match: family + given is a name alone, and many people share a name; add birth-date" in message
    assert "login.match: birth_date + mbi: name kinds of evidence such as birth-date" in message
    assert "ssn-last4 is" not in message


def test_the_state_folder_of_the_environment_wins(tmp_path: Path) -> None:
    settings = load(written(tmp_path, SMALLEST), {"FHIR_FACADE_STATE": str(tmp_path / "state")})

    assert settings.server.state == tmp_path / "state"


def test_relative_paths_are_taken_from_the_file(tmp_path: Path) -> None:
    settings = load(written(tmp_path, SMALLEST + '[keys]\nsigning = "keys"\n'), {})

    assert settings.keys.signing == tmp_path / "keys"


@pytest.mark.parametrize("text", ["[server", "\x00", "[[claims]]\nname = 1"])
def test_a_broken_file_is_a_config_error(tmp_path: Path, text: str) -> None:
    assert faults_of(tmp_path, text)


def test_a_file_that_is_not_there_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "absent.toml", {})


def test_a_proxy_that_is_no_address_is_named(tmp_path: Path) -> None:
    wrong = SMALLEST.replace(
        '"sandbox"\n', '"sandbox"\ntrusted_proxies = ["10.0.0.1", "10.1.0.0/16", "lb.example", "*"]\n', 1
    )
    assert [line.split(" is no")[0] for line in faults_of(tmp_path, wrong).splitlines()] == [
        "facade.toml: server.trusted_proxies: lb.example",
        "facade.toml: server.trusted_proxies: *",
    ]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("[replica]\npartitions = -1", "replica.partitions: must be 0 (none) to 1024"),
        ("[replica]\npartitions = 100000", "replica.partitions: must be 0 (none) to 1024"),
        ("[store]\npartitions = 16", "store: partitions and replicas are of [replica]"),
        ('[store]\nreplicas = [{ env = "STANDBY" }]', "store: partitions and replicas are of [replica]"),
    ],
)
def test_what_a_database_cannot_have_is_refused(tmp_path: Path, table: str, told: str) -> None:
    assert told in faults_of(tmp_path, f"{SMALLEST}{table}\n", {"STANDBY": "postgresql://standby/claims"})
