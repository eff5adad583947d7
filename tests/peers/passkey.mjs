// Accepts an invitation with a passkey, logs out, and logs in with it: Chromium with a virtual authenticator.
import { chromium } from "playwright-core";
const [base, invitation, password] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
const context = await browser.newContext();
const page = await context.newPage();
const session = await context.newCDPSession(page);
await session.send("WebAuthn.enable");
await session.send("WebAuthn.addVirtualAuthenticator", {
  options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
});
async function logIn(code) {
  await page.goto(`${base}/members`);
  await page.click("main button");
  await page.fill("#username", "maria");
  await page.fill("#password", password);
  if (code) await page.fill("#invitation", code);
  await Promise.all([page.waitForURL("**/login/callback"), page.click("main form button >> nth=0")]);
  await Promise.all([page.waitForURL("**/members"), page.click("#passkey button")]);
  return (await page.textContent("main")).includes("Maria Lopez");
}
const made = await logIn(invitation);
await page.click("text=Log out");
await page.waitForLoadState();
const used = await logIn("");
await browser.close();
console.log(JSON.stringify({ made, used }));
