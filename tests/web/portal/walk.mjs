// A developer and a reviewer in Chromium with a keyboard alone: from sign-up to a production key.
import { chromium } from "playwright-core";
import { createHmac } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
const { base, language, outbox, pictures, invitation, now } = JSON.parse(readFileSync(0, "utf8"));
const axe = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const PASSWORD = "rain over the quiet harbour";
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
const report = { steps: [], violations: [], secrets: [], languages: [] };

class Person {
  static async arrive() {
    const person = new Person();
    person.context = await browser.newContext({ viewport: { width: 1024, height: 900 }, locale: language });
    person.page = await person.context.newPage();
    person.page.setDefaultTimeout(20000);
    return person;
  }
  async open(path) {
    await this.page.goto(base + path);
  }
  // Tab until the element has the focus: what the keyboard cannot reach, nobody without a mouse can use.
  async reach(selector) {
    for (let pressed = 0; pressed < 120; pressed += 1) {
      const there = await this.page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector);
      if (there) return;
      await this.page.keyboard.press("Tab");
    }
    throw new Error(`the keyboard does not reach ${selector} on ${this.page.url()}`);
  }
  async type(selector, text) {
    await this.reach(selector);
    await this.page.keyboard.press("Control+A");
    await this.page.keyboard.type(text);
  }
  async choose(name, value) {
    const chosen = `input[name="${name}"][value="${value}"]`;
    if (await this.page.evaluate((wanted) => document.querySelector(wanted).checked, chosen)) return;
    await this.reach(`input[name="${name}"]`);
    for (let pressed = 0; pressed < 5; pressed += 1) {
      await this.page.keyboard.press(pressed === 0 ? "Space" : "ArrowDown");
      if (await this.page.evaluate((wanted) => document.querySelector(wanted).checked, chosen)) return;
    }
    throw new Error(`the keyboard does not choose ${chosen}`);
  }
  async press(selector) {
    await this.reach(selector);
    await Promise.all([this.page.waitForNavigation(), this.page.keyboard.press("Enter")]);
  }
  async look(name) {
    report.steps.push(name);
    report.languages.push(await this.page.evaluate(() => document.documentElement.lang));
    await this.page.screenshot({ path: `${pictures}/${String(report.steps.length).padStart(2, "0")}-${name}.png`, fullPage: true });
    const session = await this.context.newCDPSession(this.page);
    await session.send("Runtime.evaluate", { expression: axe });
    const result = await this.page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    const serious = result.violations.filter((one) => ["serious", "critical"].includes(one.impact));
    report.violations.push(...serious.map((one) => `${name}: ${one.id}: ${one.nodes[0].html.slice(0, 200)}`));
  }
  async logIn(email) {
    await this.open("/developers/log-in");
    await this.type("#email", email);
    await this.type("#password", PASSWORD);
    await this.press('main form[action="/developers/log-in"] button');
  }
  async protect() {
    await this.open("/developers/second-factor");
    await this.look("second-factor");
    const key = (await this.page.textContent("#key")).replaceAll(" ", "");
    await this.type("#code", code(key));
    await this.press('form[action="/developers/second-factor"] button');
  }
}

function code(secret) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const bytes = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(now / 30)));
  const digest = createHmac("sha1", bytes).update(step).digest();
  const offset = digest[digest.length - 1] & 15;
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1000000).padStart(6, "0");
}

function newestLink() {
  const file = readdirSync(outbox).filter((name) => name.endsWith(".eml")).sort().at(-1);
  const text = readFileSync(`${outbox}/${file}`, "utf8").replaceAll("=\n", "");
  return text.match(/http:\/\/localhost(\/developers\/\S+)/)[1];
}

const ada = await Person.arrive();
await ada.open("/developers/sign-up");
await ada.look("sign-up");
await ada.type("#name", "Ada Reyes");
await ada.type("#organization", "Buddy Inc.");
await ada.type("#email", "ada@buddy.example");
await ada.type("#password", "short");
await ada.press('form[action="/developers/sign-up"] button');
await ada.look("sign-up-faults");
await ada.type("#password", PASSWORD);
await ada.press('form[action="/developers/sign-up"] button');
await ada.look("mailbox");
const link = newestLink();
await ada.open(link);
await ada.press(`form[action="${link}"] button`);
await ada.logIn("ada@buddy.example");
await ada.protect();
await ada.open("/developers/apps");
await ada.press('a[href="/developers/apps/new"]');
await ada.type("#name", "Budget Buddy");
await ada.type("#website", "https://app.example/");
await ada.type("#privacy_url", "https://app.example/privacy");
await ada.type("#redirects", "http://app.example/callback");
await ada.choose("kind", "confidential");
await ada.press(".facade-buttons button");
await ada.look("app-faults");
await ada.type("#redirects", "https://app.example/callback");
await ada.press(".facade-buttons button");
await ada.look("sandbox-key");
report.secrets.push(await ada.page.textContent("#sandbox-secret"));
const app = new URL(ada.page.url()).pathname;
await ada.press(`a[href="${app}/production"]`);
for (const name of ["policy", "uses", "sale", "consent", "device", "stop", "secure"]) await ada.choose(`attest-${name}`, "yes");
await ada.look("production-request");
await ada.press(".facade-buttons button");
await ada.look("submitted");

const rita = await Person.arrive();
await rita.open(invitation);
await rita.type("#password", PASSWORD);
await rita.press("main form button");
await rita.logIn("rita@agency.example");
await rita.protect();
await rita.open("/review");
await rita.look("queue");
await rita.press('a[href^="/review/"]');
await rita.look("review");
await rita.press(".facade-step button");
await rita.press("form:has(input[value=approve]) button");
await rita.look("approved");

await ada.open(app);
await ada.press("section[aria-labelledby=production-key] form button");
await ada.look("production-key");
report.secrets.push(await ada.page.textContent("#production-secret"));
await browser.close();
console.log(JSON.stringify(report));
