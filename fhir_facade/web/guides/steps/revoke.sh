curl -s -o /dev/null -w '%{http_code}\n' "{base}/oauth/revoke" -d client_id="$CLIENT_ID" -d token="$REFRESH_TOKEN"
