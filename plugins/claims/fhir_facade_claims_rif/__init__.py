"""CMS's research identifiable files (RIF) of the Chronic Conditions Warehouse as a claims source, extract face."""

from fhir_facade.contracts.plugin import CLAIMS_CONTRACT, ClaimsPlugin
from fhir_facade_claims_rif.kinds import KINDS, mapping
from fhir_facade_claims_rif.settings import RifSettings
from fhir_facade_claims_rif.source import open_source

plugin = ClaimsPlugin(
    name="rif",
    contract=CLAIMS_CONTRACT,
    settings=RifSettings,
    open=open_source,
    summary="Medicare claims from CMS's RIF files, as the Chronic Conditions Warehouse delivers them",
    layouts=lambda: {"rif": {kind.name: mapping(kind) for kind in KINDS}},
)
