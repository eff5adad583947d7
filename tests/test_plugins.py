"""The chosen plugin loads or the start stops, and the message says which of the many reasons it was."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from types import SimpleNamespace
from typing import Any

import pytest

from fhir_facade import plugins
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.plugin import CLAIMS_CONTRACT, CLAIMS_GROUP, ClaimsPlugin


def plugin(name: str = "mine", contract: int = CLAIMS_CONTRACT) -> ClaimsPlugin:
    return ClaimsPlugin(name=name, contract=contract, settings=object, open=lambda *_: None, summary="")  # type: ignore[arg-type,return-value]


def offered(monkeypatch: pytest.MonkeyPatch, *objects: Any) -> None:
    """Entry points named ``mine`` that give these objects, or raise them."""

    class Point(EntryPoint):
        def load(self) -> Any:
            thing = objects[int(self.value)]
            if isinstance(thing, Exception):
                raise thing
            return thing

    points = [Point("mine", str(index), CLAIMS_GROUP) for index in range(len(objects))]
    for index, point in enumerate(points):
        vars(point).update(dist=SimpleNamespace(name=f"dist-{index}", version="1"))
    monkeypatch.setattr(plugins, "entry_points", lambda group: points if group == CLAIMS_GROUP else [])


def message(monkeypatch: pytest.MonkeyPatch, *objects: Any) -> str:
    offered(monkeypatch, *objects)
    with pytest.raises(ConfigError) as raised:
        plugins.find(CLAIMS_GROUP, "mine")
    return str(raised.value)


def test_a_plugin_that_fits_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    fits = plugin()
    offered(monkeypatch, fits)

    assert plugins.find(CLAIMS_GROUP, "mine") is fits


def test_a_plugin_that_is_not_installed_is_named_with_what_is(monkeypatch: pytest.MonkeyPatch) -> None:
    offered(monkeypatch, plugin())

    with pytest.raises(ConfigError, match=r"no plugin named other .* installed: mine"):
        plugins.find(CLAIMS_GROUP, "other")


def test_a_plugin_whose_import_breaks_is_told_from_one_that_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is installed, but importing it failed: ImportError: no module named x" in message(
        monkeypatch, ImportError("no module named x")
    )


def test_a_plugin_that_lacks_the_packages_of_its_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("mine", "no_such_module:plugin [more]", CLAIMS_GROUP)
    vars(point).update(dist=SimpleNamespace(name="dist", version="1"))
    monkeypatch.setattr(plugins, "entry_points", lambda group: [point] if group == CLAIMS_GROUP else [])

    (listed,) = plugins.installed()

    assert listed.fault == "it needs more packages: pip install 'dist[more]'"
    with pytest.raises(ConfigError, match="pip install 'dist"):
        plugins.find(CLAIMS_GROUP, "mine")


def test_two_distributions_with_one_name_are_refused_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "dist-0 and dist-1" in message(monkeypatch, plugin(), plugin())


def test_another_contract_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert f"contract {CLAIMS_CONTRACT + 1}" in message(monkeypatch, plugin(contract=CLAIMS_CONTRACT + 1))


def test_a_plugin_with_another_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "calls itself yours" in message(monkeypatch, plugin(name="yours"))


def test_an_object_that_is_no_plugin_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is not a ClaimsPlugin" in message(monkeypatch, object())


def test_a_broken_plugin_is_listed_with_its_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    offered(monkeypatch, RuntimeError("boom"))

    (listed,) = plugins.installed()

    assert listed.fault == "RuntimeError: boom"
    assert listed.contract is None
