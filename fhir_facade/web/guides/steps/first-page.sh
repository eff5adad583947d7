curl -s -H "Authorization: Bearer $TOKEN" "{base}/fhir/ExplanationOfBenefit?_count=1&_elements=billablePeriod"
