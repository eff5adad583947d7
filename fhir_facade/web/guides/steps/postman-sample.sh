curl -s -O "{base}/samples/claims-api.postman_collection.json"
npx --yes newman@6 run claims-api.postman_collection.json --env-var access_token="$TOKEN" --reporter-cli-no-banner
