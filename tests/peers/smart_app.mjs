// SMART's own JavaScript client in a real browser, on an origin of its own: launches, lets a person log in and consent,
// and prints what the app could read.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");
const [iss, clientId, port, username, password] = process.argv.slice(2);
const library = readFileSync(require.resolve("fhirclient/build/fhir-client.js"));
const options = { clientId, scope: "launch/patient openid fhirUser offline_access patient/*.rs", iss, redirectUri: "index.html" };
const page = (script) => `<!doctype html><meta charset="utf-8"><script src="/fhir-client.js"></script><script>${script}</script>`;
const read = `
FHIR.oauth2.ready().then(async (client) => {
  const patient = await client.patient.read();
  const claims = await client.patient.request("ExplanationOfBenefit?_count=2");
  const user = await client.user.read();
  const before = client.state.tokenResponse.access_token;
  await client.refresh();
  const again = await client.request("Coverage");
  window.result = {
    patient: patient.id, member: client.patient.id, user: user.id, claims: claims.entry.length,
    renewed: client.state.tokenResponse.access_token !== before, coverages: again.entry.length,
    scope: client.state.tokenResponse.scope,
  };
}).catch((error) => { window.result = { error: String(error) }; });`;
const files = {
  "/fhir-client.js": ["text/javascript", library],
  "/launch.html": ["text/html", page(`FHIR.oauth2.authorize(${JSON.stringify(options)})`)],
  "/index.html": ["text/html", page(read)],
};
const server = createServer((request, response) => {
  const [type, body] = files[request.url.split("?")[0]] ?? [];
  response.writeHead(type ? 200 : 404, { "Content-Type": type ?? "text/plain" }).end(body ?? "");
}).listen(Number(port), "127.0.0.1");

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
const tab = await browser.newPage();
try {
  await tab.goto(`http://127.0.0.1:${port}/launch.html`);
  await tab.fill("input[name=username]", username);
  await tab.fill("input[name=password]", password);
  await tab.press("input[name=password]", "Enter");
  await tab.click("button[name=answer][value=allow]");
  await tab.waitForFunction(() => window.result !== undefined, undefined, { timeout: 60000 });
  console.log(JSON.stringify(await tab.evaluate(() => window.result)));
} catch (error) {
  console.log(JSON.stringify({ error: String(error), at: tab.url(), text: await tab.innerText("body").catch(() => "") }));
} finally {
  await browser.close();
  server.close();
}
