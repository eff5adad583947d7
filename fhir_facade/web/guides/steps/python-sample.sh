curl -s -O "{base}/samples/claims.py"
CLIENT_ID="$CLIENT_ID" python3 claims.py
