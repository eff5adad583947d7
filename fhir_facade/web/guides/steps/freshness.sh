curl -s "{base}/status.json" | python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["sources"]))'
