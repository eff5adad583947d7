// CMS's Blue Button library for Node, unmodified: prints the authorize URL, reads the callback's parameters as one line
// of JSON, then calls everything the library offers and prints what came.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { BlueButton } = createRequire(import.meta.url)("cms-bluebutton-sdk");
const [base, clientId, clientSecret, callbackUrl] = process.argv.slice(2);
const library = new BlueButton({ environment: "LOCAL", clientId, clientSecret, callbackUrl, version: "2" });
library.baseUrl = base;

const auth = library.generateAuthData();
console.log(library.generateAuthorizeUrl(auth));

const line = await new Promise((resolve) => createInterface({ input: process.stdin }).once("line", resolve));
const called = JSON.parse(line);
const token = await library.getAuthorizationToken(auth, called.code, called.state, called.error);
const profile = await library.getProfileData(token);
const patient = await library.getPatientData(token);
const coverage = await library.getCoverageData(token);
const claims = await library.getExplanationOfBenefitData(token, { params: { _count: "100" } });
const pages = await library.getPages(claims.response.data, claims.token);
const renewed = await library.refreshAuthToken(token);
const again = await library.getPatientData(renewed);
console.log(
  JSON.stringify({
    patient: token.patient,
    profile: profile.response.data.patient,
    patients: patient.response.data.entry.length,
    coverages: coverage.response.data.entry.length,
    pages: pages.pages.length,
    claims: pages.pages.flatMap((page) => page.entry.map((entry) => entry.resource.id)),
    renewed: renewed.accessToken !== token.accessToken,
    again: again.response.status,
  }),
);
process.exit(0);
