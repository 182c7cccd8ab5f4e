/** The page in WebKit, the engine of Safari: it opens, and an attack ends as in the other browsers. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before } from "node:test";
import { hasEnded, isReady, outcomes } from "./in-page.mjs";
import { BITS, serveBits, serveSite, test } from "./server-and-browser.mjs";
import { launchWebKit } from "./webkit.mjs";

/** @type {Awaited<ReturnType<typeof launchWebKit>>} */
let webkit;
before(async () => {
  webkit = await launchWebKit();
});
after(() => webkit?.close());

/** Runs before the page's scripts and collects errors and warnings, because WebDriver does not report the console. */
const COLLECT = `
  globalThis.problems = [];
  const add = (problem) => problems.push(String(problem));
  for (const method of ["error", "warn"]) console[method] = (...values) => add(values.join(" "));
  addEventListener("error", ({ message, target }) => add(message ?? target.outerHTML), true);
  addEventListener("unhandledrejection", ({ reason }) => add(reason));
  addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => add(violatedDirective + " " + blockedURI));
`;

test("An attack on a test image ends in WebKit as in Chromium", async (t) => {
  const page = readFileSync(new URL("../../index.html", import.meta.url), "utf8").replace(
    "<link",
    '<script src="/collect.js"></script>$&',
  );
  const { url } = await serveSite(t, { "/": page, "/collect.js": COLLECT });
  await webkit.open(`${url}/#v=1&left=undefended-1&right=distilled-100&target=3&lang=en`);
  await webkit.waitFor(isReady);
  await webkit.click("#samples .tile:nth-child(71)");
  await webkit.waitFor(() => document.querySelector('[data-panel="left"]')?.getAttribute("data-label") === "7");
  await webkit.click("#run");
  await webkit.waitFor(hasEnded);
  assert.deepEqual(await webkit.evaluate(outcomes), ["fooled", "gradient-vanished"]);
  assert.deepEqual(await webkit.evaluate(() => /** @type {any} */ (globalThis).problems), []);
}, 180_000);

test("Attacks in WebKit give the committed bits", async (t) => {
  const { url } = await serveBits(t);
  await webkit.open(`${url}/blank`);
  await webkit.evaluate((cases) => {
    const seen = import(/** @type {any} */ ("/bits.js")).then(({ differencesOfPage }) => differencesOfPage(cases));
    void seen.catch(String).then((seen) => Object.assign(globalThis, { seen }));
  }, BITS);
  await webkit.waitFor(() => "seen" in globalThis);
  const seen = await webkit.evaluate(() => /** @type {any} */ (globalThis).seen);
  assert.deepEqual(seen, { where: "worker", found: [] });
}, 180_000);
