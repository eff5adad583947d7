"""Tests of the ``fhir`` source."""
