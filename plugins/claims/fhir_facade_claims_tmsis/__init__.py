"""T-MSIS files, which every state Medicaid agency sends to CMS each month, as a claims source, extract face."""

from fhir_facade.contracts.plugin import CLAIMS_CONTRACT, ClaimsPlugin
from fhir_facade_claims_tmsis.elements import every_field
from fhir_facade_claims_tmsis.generate import write
from fhir_facade_claims_tmsis.settings import TmsisSettings
from fhir_facade_claims_tmsis.source import open_source

plugin = ClaimsPlugin(
    name="tmsis",
    contract=CLAIMS_CONTRACT,
    settings=TmsisSettings,
    open=open_source,
    summary="Medicaid and CHIP claims from the T-MSIS files that a state sends to CMS, fixed-length or pipe-separated",
    write=write,
    layouts=lambda: {"tmsis": every_field()},
)
