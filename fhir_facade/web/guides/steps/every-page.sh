URL="{base}/fhir/ExplanationOfBenefit?_count=5"
while [ -n "$URL" ]; do
  curl -s -H "Authorization: Bearer $TOKEN" "$URL" > page.json
  python3 -c 'import json; print(len(json.load(open("page.json"))["entry"]), "claims")'
  URL=$(python3 -c 'import json; print(*(l["url"] for l in json.load(open("page.json"))["link"] if l["relation"] == "next"))')
done
