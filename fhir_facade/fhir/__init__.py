"""Records → FHIR R4 resources in CARIN Blue Button shape: pure, quick, three versions of the guide as data."""
