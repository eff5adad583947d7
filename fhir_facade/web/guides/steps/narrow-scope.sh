curl -s -H "Authorization: Bearer $COVERAGE_TOKEN" "{base}/fhir/ExplanationOfBenefit"
