// Drives the npm client: node kit.mjs BASE TOKEN PATIENT; prints what it found as one JSON line.
import { Client } from "fhir-kit-client";

const [base, token, patient] = process.argv.slice(2);
const client = new Client({ baseUrl: base, bearerToken: token });
const statement = await client.capabilityStatement();
const one = await client.read({ resourceType: "Patient", id: patient });
let page = await client.search({
  resourceType: "ExplanationOfBenefit",
  searchParams: { patient, _count: 3, _include: "ExplanationOfBenefit:coverage" },
});
const claims = [];
const included = new Set();
for (let pages = 0; page && pages < 1000; pages += 1) {
  for (const entry of page.entry || []) {
    if (entry.search.mode === "match") claims.push(entry.resource.id);
    else included.add(entry.resource.resourceType);
  }
  page = await client.nextPage({ bundle: page });
}
const posted = await client.search({
  resourceType: "ExplanationOfBenefit",
  searchParams: { patient, _count: 3 },
  options: { postSearch: true },
});
const compartment = await client.search({
  resourceType: "Coverage",
  compartment: { resourceType: "Patient", id: patient },
});
let refused = 0;
try {
  await client.read({ resourceType: "Patient", id: "unknown" });
} catch (error) {
  refused = error.response.status;
}
console.log(
  JSON.stringify({
    version: statement.fhirVersion,
    patient: one.id,
    claims,
    included: [...included],
    posted: posted.entry.length,
    coverages: compartment.entry.length,
    refused,
  }),
);
