"""The example configs are good configs."""

from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path

import pytest

from fhir_facade.contracts.errors import ConfigError
from fhir_facade.settings import load

PROJECT = Path(__file__).resolve().parent.parent
CONFIG = PROJECT / "config"


def environment(tmp_path: Path) -> dict[str, str]:
    """Every variable the examples name."""
    names = (
        "FACADE_STORE_URL",
        "FACADE_REPLICA_URL",
        "MEDICAL_DATABASE_URL",
        "CLAIMS_DATABASE_URL",
        "LOGIN_CLIENT_SECRET",
    )
    return dict.fromkeys(names, "sqlite:///unused") | dict.fromkeys(("RIF_FOLDER", "TMSIS_FOLDER"), str(tmp_path))


@pytest.mark.parametrize("name", ["sandbox.toml", "rif-example.toml", "tmsis-example.toml", "desynpuf-example.toml"])
def test_an_example_has_no_faults(name: str, tmp_path: Path) -> None:
    assert load(CONFIG / name, environment(tmp_path)).claims


def test_the_production_example_wants_nothing_but_its_key_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load(CONFIG / "production-example.toml", environment(tmp_path))

    assert all("cannot read the secret" in fault for fault in raised.value.faults)
    assert len(raised.value.faults) == 2


def test_swapping_the_log_in_is_one_line(tmp_path: Path) -> None:
    text = (CONFIG / "sandbox.toml").read_text(encoding="utf-8")
    path = tmp_path / "facade.toml"
    path.write_text(text.replace('provider = "sandbox"', 'provider = "ldap"'), encoding="utf-8")

    assert load(path, {}).identity.providers == ("ldap",)


def test_every_example_comes_with_the_wheel() -> None:
    parser = ConfigParser()
    parser.read(PROJECT / "setup.cfg", encoding="utf-8")
    shipped = {name for names in parser["options.data_files"].values() for name in names.split()}
    assert shipped == {str(path.relative_to(PROJECT)) for path in CONFIG.rglob("*.*") if path.is_file()}
