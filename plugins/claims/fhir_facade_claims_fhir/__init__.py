"""Claims from a payer who already speaks FHIR R4: another server, asked live and never believed unchecked."""

from __future__ import annotations

from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.plugin import CLAIMS_CONTRACT, ClaimsPlugin, SourceContext
from fhir_facade_claims_fhir.client import UpstreamClient
from fhir_facade_claims_fhir.links import Base
from fhir_facade_claims_fhir.settings import TYPES, FhirSettings
from fhir_facade_claims_fhir.source import FhirSource
from fhir_facade_claims_fhir.tokens import tokens_of

__all__ = ["plugin"]


def open_source(settings: FhirSettings, context: SourceContext) -> FhirSource:
    """The source.

    Raises:
        ConfigError: a setting cannot be used.
    """
    del context
    faults = list(settings.faults())
    if faults:
        raise ConfigError(faults)
    base = Base(settings.base, settings.aliases)
    return FhirSource(settings=settings, base=base, client=UpstreamClient(settings, base, tokens_of(settings)))


plugin = ClaimsPlugin(
    name="fhir",
    contract=CLAIMS_CONTRACT,
    settings=FhirSettings,
    open=open_source,
    summary="Another FHIR R4 server: an MCO's API, a vendor's, HAPI; live",
    layouts=lambda: {"fhir": {kind: {"every element": f"resource:{kind}"} for kind in TYPES}},
)
