curl -s "{base}/fhir/.well-known/smart-configuration"
