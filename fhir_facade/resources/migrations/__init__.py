"""Versions of the replica's schema, run by ``fhir-facade migrate``."""
