curl -s "{base}/oauth/token" -d grant_type=authorization_code -d client_id="$CLIENT_ID" -d code="$CODE" \
  -d redirect_uri="$REDIRECT_URI" -d code_verifier="$VERIFIER"
