curl -s "{base}/fhir/ExplanationOfBenefit"
