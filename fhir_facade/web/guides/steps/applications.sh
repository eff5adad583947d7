curl -s "{base}/.well-known/applications"
