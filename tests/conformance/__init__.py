"""Conformance: everything the facade emits, judged by HAPI's FHIR validator and the guides' own packages."""
