curl -s -O "{base}/samples/claims.mjs"
CLIENT_ID="$CLIENT_ID" node claims.mjs
