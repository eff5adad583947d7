"""The sandbox's members: invented Medicaid lives with a story each, the same for the same seed on every machine."""

from __future__ import annotations

from fhir_facade.contracts.plugin import CLAIMS_CONTRACT, ClaimsPlugin, SourceContext
from fhir_facade_claims_synthetic.settings import SyntheticSettings, world
from fhir_facade_claims_synthetic.source import SyntheticSource

__all__ = ["SyntheticSettings", "SyntheticSource", "open_source", "plugin"]


def open_source(settings: SyntheticSettings, _context: SourceContext) -> SyntheticSource:
    """The population that the settings describe.

    Raises:
        ConfigError: settings out of range.
    """
    return SyntheticSource(world(settings))


plugin = ClaimsPlugin(
    name="synthetic",
    contract=CLAIMS_CONTRACT,
    settings=SyntheticSettings,
    open=open_source,
    summary="Invented members for sandboxes and tests: any number, every kind of claim, twenty with a story",
    invented=True,
    layouts=lambda: {"synthetic": {}},
)
