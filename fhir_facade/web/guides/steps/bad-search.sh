curl -s -H "Authorization: Bearer $TOKEN" "{base}/fhir/ExplanationOfBenefit?service-date=yesterday"
