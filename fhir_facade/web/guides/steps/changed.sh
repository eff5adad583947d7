curl -s -H "Authorization: Bearer $TOKEN" "{base}/fhir/ExplanationOfBenefit?_lastUpdated=gt2026-09-01T00:00:00Z&_count=1&_elements=status"
