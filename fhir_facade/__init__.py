"""fhir-facade: a claims API for any health payer. Data + Identity = API."""
