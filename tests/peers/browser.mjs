// A browser that does what it is told, a line of JSON at a time: {"do": "open", "who": 1, …} → {"value": …} or {"error": …}.
import { chromium } from "playwright-core";
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";

const base = process.argv[2];
const axe = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const ours = (url) => url.startsWith(base + "/") || /^(data|blob|about|chrome-error):/.test(url);
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
const people = new Map();

// Everything that the person's browser did on its own: requests to others, complaints about the policy, bytes received.
async function watched(page, context) {
  const seen = { foreign: [], complaints: [], bytes: 0 };
  page.on("request", (request) => { if (!ours(request.url())) seen.foreign.push(request.url()); });
  page.on("console", (message) => { if (/Content Security Policy|Refused/.test(message.text())) seen.complaints.push(message.text()); });
  page.on("pageerror", (error) => seen.complaints.push(String(error)));
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  session.on("Network.loadingFinished", (event) => { seen.bytes += event.encodedDataLength; });
  return { seen, session };
}

async function arrive({ language = "en", scripts = true, width = 1024, cookies = [] }) {
  const locale = { en: "en-US", es: "es-MX" }[language];
  const context = await browser.newContext({ viewport: { width, height: 900 }, locale, javaScriptEnabled: scripts });
  await context.addCookies(cookies.map((one) => ({ ...one, url: base })));
  const page = await context.newPage();
  page.setDefaultTimeout(20000);
  return { context, page, scripts, ...(await watched(page, context)) };
}

// Tab until the element has the focus: what the keyboard cannot reach, nobody without a mouse can use.
async function reach(page, selector) {
  for (let pressed = 0; pressed < 150; pressed += 1) {
    if (await page.locator(selector).evaluateAll((wanted) => wanted.includes(document.activeElement))) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`the keyboard does not reach ${selector} on ${page.url()}`);
}

async function choose(page, selector, keyboard) {
  const target = page.locator(selector).first();
  if (await target.isChecked()) return;
  if (!keyboard) return page.locator(`label[for="${await target.getAttribute("id")}"]`).first().click();
  const [type, name] = [await target.getAttribute("type"), await target.getAttribute("name")];
  await reach(page, type === "radio" ? `input[name="${name}"]` : selector);
  for (let pressed = 0; pressed < 6 && !(await target.isChecked()); pressed += 1) {
    await page.keyboard.press(pressed === 0 ? "Space" : "ArrowDown");
  }
  if (!(await target.isChecked())) throw new Error(`the keyboard does not choose ${selector}`);
}

const serious = async (page, session) => {
  await session.send("Runtime.evaluate", { expression: axe });
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations
    .filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ").slice(0, 300)}`);
};

// What Tab passes over, and what does not show that it has the focus.
async function unreached(page) {
  await page.evaluate(() => {
    const shown = (one) => one.checkVisibility({ visibilityProperty: true });
    const wanted = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")].filter((one) => shown(one) && !one.closest("[aria-hidden=true]"));
    const chosen = (one) => one.type !== "radio" || one === (document.querySelector(`input[name="${one.name}"]:checked`) ?? document.querySelector(`input[name="${one.name}"]`));
    window.facadeWanted = new Set(wanted.filter(chosen));
    window.facadeDull = [];
  });
  for (let pressed = 0; pressed < 400; pressed += 1) {
    await page.keyboard.press("Tab");
    const done = await page.evaluate(() => {
      const one = document.activeElement;
      if (!one || one === document.body) return true;
      const style = getComputedStyle(one), label = one.labels?.[0] && getComputedStyle(one.labels[0], "::before");
      const rings = (it) => it && it.outlineStyle !== "none" && parseFloat(it.outlineWidth) > 0;
      if (window.facadeWanted.delete(one) && !rings(style) && !rings(label)) window.facadeDull.push(one.outerHTML.slice(0, 120));
      return false;
    });
    if (done) break;
  }
  return page.evaluate(() => [...[...window.facadeWanted].map((one) => `not reached: ${one.outerHTML.slice(0, 120)}`), ...window.facadeDull.map((one) => `no ring: ${one}`)]);
}

// The API explorer shows its operations a while after the page is there.
async function settled(page) {
  if (await page.locator("#swagger-ui").count()) await page.locator(".opblock").first().waitFor();
}

const overhang = (page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
const picture = (page, path) => (path ? page.screenshot({ path, fullPage: true }) : null);

// One address as each of its readers meets it: at a desk in English, on a small phone in Spanish, on paper, without scripts.
async function survey({ path, cookies, pictures, keyboard }) {
  const desk = await arrive({ cookies });
  const answer = await desk.page.goto(base + path);
  await settled(desk.page);
  const found = { status: answer.status(), policy: (await answer.allHeaders())["content-security-policy"] ?? "" };
  Object.assign(found, { title: await desk.page.title(), wide: await overhang(desk.page), bytes: desk.seen.bytes });
  await picture(desk.page, pictures && `${pictures}-desk.png`);
  found.violations = await serious(desk.page, desk.session);
  found.unreached = keyboard ? await unreached(desk.page) : [];
  await desk.page.setViewportSize({ width: 718, height: 900 });
  await desk.page.emulateMedia({ media: "print" });
  found.cut = await desk.page.evaluate(() => [...document.querySelectorAll("main, main *")]
    .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== "visible")
    .map((one) => one.outerHTML.slice(0, 120)));
  await picture(desk.page, pictures && `${pictures}-paper.png`);
  const phone = await arrive({ cookies, language: "es", width: 320 });
  await phone.page.goto(base + path);
  await settled(phone.page);
  await phone.page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
  found.narrow = await overhang(phone.page);
  found.language = await phone.page.evaluate(() => document.documentElement.lang);
  found.texts = await phone.page.evaluate(() => {
    const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
    const texts = [document.title];
    while (walker.nextNode()) {
      const [text, holder] = [walker.currentNode.data.trim().replace(/\s+/g, " "), walker.currentNode.parentElement];
      if (text && !holder.closest("[lang=en], code, script, style")) texts.push(text);
    }
    return texts;
  });
  await picture(phone.page, pictures && `${pictures}-phone.png`);
  found.violations.push(...(await serious(phone.page, phone.session)));
  const plain = await arrive({ cookies, scripts: false });
  await plain.page.goto(base + path);
  found.plain = await plain.page.evaluate(() => ({
    words: (document.querySelector("main") ?? document.body).innerText.trim().split(/\s+/).length,
    dead: [...document.querySelectorAll("button, [onclick], a[href^='javascript:']")]
      .filter((one) => one.tagName !== "BUTTON" || !one.form || !one.form.getAttribute("action"))
      .map((one) => one.outerHTML.slice(0, 120)),
  }));
  for (const who of [desk, phone, plain]) {
    found.foreign = [...(found.foreign ?? []), ...who.seen.foreign];
    found.complaints = [...(found.complaints ?? []), ...who.seen.complaints];
    await who.context.close();
  }
  return found;
}

const acts = {
  arrive: async (asked) => {
    const who = people.size + 1;
    people.set(who, await arrive(asked));
    return who;
  },
  survey,
  open: async ({ page }, { path }) => (await page.goto(new URL(path, base).href)).status(),
  fill: async ({ page }, { at, text, keyboard }) => {
    if (!keyboard) return page.locator(at).first().fill(text);
    await reach(page, at);
    await page.keyboard.press("Control+A");
    await page.keyboard.type(text);
  },
  choose: ({ page }, { at, keyboard }) => choose(page, at, keyboard),
  untick: async ({ page }, { at, keyboard }) => {
    const target = page.locator(at).first();
    if (!keyboard) return page.locator(`label[for="${await target.getAttribute("id")}"]`).first().click();
    await reach(page, at);
    await page.keyboard.press("Space");
  },
  toggle: async ({ page }, { at, keyboard }) => {
    if (!keyboard) return page.locator(at).first().click();
    await reach(page, at);
    await page.keyboard.press("Enter");
  },
  press: async ({ page }, { at, keyboard }) => {
    if (keyboard) await reach(page, at);
    const go = () => (keyboard ? page.keyboard.press("Enter") : page.locator(at).first().click());
    const [answer] = await Promise.all([page.waitForNavigation(), go()]);
    return answer?.status() ?? 0;
  },
  twice: async ({ page }, { at }) => {
    const arrived = page.waitForNavigation().catch(() => page.waitForLoadState()); // the second press ends the first way
    let sent = 0;
    const count = (request) => {
      sent += Number(request.isNavigationRequest() && request.method() === "POST");
    };
    page.on("request", count);
    await page.locator(at).first().dblclick();
    await arrived;
    await page.waitForTimeout(500);
    await page.waitForLoadState();
    page.off("request", count);
    return sent;
  },
  stands: ({ page }, { at }) =>
    page.locator(at).first().waitFor({ timeout: 20000 }).catch(async () => {
      throw new Error(`${at} is not there, but: ${await page.locator("main").first().innerText()}`);
    }),
  text: ({ page }, { at }) => page.locator(at).first().innerText(),
  count: ({ page }, { at }) => page.locator(at).count(),
  url: ({ page }) => page.url(),
  cookies: async ({ context }) => (await context.cookies()).map(({ name, value }) => ({ name, value })),
  look: async ({ page, session, seen, scripts }, { picture: path }) => {
    await picture(page, path);
    return { violations: scripts ? await serious(page, session) : [], ...seen, language: await page.evaluate(() => document.documentElement.lang) };
  },
};

const tooLong = () => new Promise((_, reject) => { setTimeout(reject, 90000, "it took longer than 90 s").unref(); });

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  try {
    const act = acts[asked.do];
    const value = await Promise.race([asked.who ? act(people.get(asked.who), asked) : act(asked), tooLong()]);
    console.log(JSON.stringify({ value: value ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}
await browser.close();
