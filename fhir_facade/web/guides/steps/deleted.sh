curl -s -H "Authorization: Bearer $DEAN_TOKEN" "{base}/fhir/ExplanationOfBenefit/sandbox-c0000006-0004"
