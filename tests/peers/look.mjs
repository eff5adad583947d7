// Opens each page in Chromium as a person would and reports what is wrong with it; writes a picture of each.
import { chromium } from "playwright-core";
import { readFileSync } from "node:fs";
const { pages, cookies, base, pictures } = JSON.parse(readFileSync(0, "utf8"));
const axe = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
const report = [];
for (const { width, language } of [{ width: 1024, language: "en-US" }, { width: 320, language: "es-MX" }]) {
  for (const { name, path } of pages) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, locale: language, bypassCSP: false });
    await context.addCookies(cookies.map((one) => ({ ...one, url: base })));
    const page = await context.newPage();
    const found = { name, width, foreign: [], complaints: [], bytes: 0 };
    page.on("request", (request) => { if (!request.url().startsWith(base) && !request.url().startsWith("data:")) found.foreign.push(request.url()); });
    page.on("console", (message) => { if (/Content Security Policy|Refused/.test(message.text())) found.complaints.push(message.text()); });
    page.on("pageerror", (error) => found.complaints.push(String(error)));
    const session = await context.newCDPSession(page);
    await session.send("Network.enable");
    session.on("Network.loadingFinished", (event) => { found.bytes += event.encodedDataLength; });
    await page.goto(base + path);
    await page.waitForLoadState("networkidle");
    found.overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    found.language = await page.evaluate(() => document.documentElement.lang);
    found.title = await page.title();
    await page.screenshot({ path: `${pictures}/${name}-${width}.png`, fullPage: true }).catch(() => found.complaints.push("no picture"));
    await session.send("Runtime.evaluate", { expression: axe });
    const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    found.violations = result.violations
      .filter((one) => ["serious", "critical"].includes(one.impact))
      .map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ").slice(0, 300)}`);
    report.push(found);
    await context.close();
  }
}
await browser.close();
console.log(JSON.stringify(report));
