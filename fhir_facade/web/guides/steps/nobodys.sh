curl -s -H "Authorization: Bearer $TOKEN" "{base}/fhir/ExplanationOfBenefit/no-such-claim"
