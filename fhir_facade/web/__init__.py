"""Everything that speaks HTTP: FHIR endpoints, authorization server, log-in and member pages, the one error table."""
