/** The content security policy of every page: its text, and that the browser enforces it. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runAttack, waitUntilReady } from "./page-actions.mjs";
import { openPage, serveSite, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

const ROOT = process.env.SITE ? `${process.env.SITE}/` : fileURLToPath(new URL("../../", import.meta.url));
const COMPUTES =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'";
const FRAMES =
  "default-src 'none'; script-src 'self'; style-src 'self'; frame-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'";

const READS =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'";

/** Every page that is published, and its policy. @type {Record<string, string>} */
const POLICIES = {
  "index.html": COMPUTES,
  "404.html":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'",
  "www/lab.html": COMPUTES,
  "www/blog/en.html": FRAMES,
  "www/blog/ja.html": FRAMES,
  "www/licences.html": READS,
};

/** Pages that `npm run site` generates. They redirect at once. */
const GENERATED = /^www\/(story|cards)\//;

const pages = [
  "index.html",
  "404.html",
  ...readdirSync(`${ROOT}www`, { recursive: true, encoding: "utf8" }).map((name) => `www/${name}`),
].filter((name) => name.endsWith(".html") && !GENERATED.test(name));

test("Every page has its policy before anything that it applies to, and no inline scripts or styles", () => {
  assert.deepEqual(pages.sort(), Object.keys(POLICIES).sort());
  for (const page of pages) {
    const html = readFileSync(`${ROOT}${page}`, "utf8");
    const [start, policy] = /^.*?<meta http-equiv="Content-Security-Policy" content="([^"]*)">/s.exec(html) ?? [];
    assert.equal(policy?.replace(/ 'sha256-[A-Za-z0-9+/=]+'/, ""), POLICIES[page], page);
    assert.doesNotMatch(`${start}`, /<(script|link|style|img)\b/, page);
    const map = /<script type="importmap">[^<]*<\/script>/;
    assert.doesNotMatch(html.replace(map, ""), /<script(?![^>]* src=)|<style|\son\w+="|\sstyle="|javascript:/i, page);
  }
});

/** What injected code might try, by the directive that blocks it. @type {Record<string, () => void>} */
const ATTEMPTS = {
  "script-src-elem": () =>
    document.body.append(Object.assign(document.createElement("script"), { textContent: "globalThis.wasRun = true" })),
  "script-src-attr": () => {
    const button = document.createElement("button");
    button.setAttribute("onclick", "globalThis.wasRun = true");
    document.body.append(button);
    button.click();
  },
  // biome-ignore lint/security/noGlobalEval: The policy has to block it.
  "script-src": () => globalThis.eval("globalThis.wasRun = true"),
  "style-src-attr": () => document.body.setAttribute("style", "color: red"),
  "style-src-elem": () =>
    document.body.append(Object.assign(document.createElement("style"), { textContent: "* { color: red }" })),
  "connect-src": () => void fetch("https://elsewhere.invalid/").catch(() => {}),
  "img-src": () => document.body.append(Object.assign(new Image(), { src: "https://elsewhere.invalid/x.png" })),
  "frame-src": () =>
    document.body.append(Object.assign(document.createElement("iframe"), { src: "https://elsewhere.invalid/" })),
  "base-uri": () =>
    document.head.append(Object.assign(document.createElement("base"), { href: "https://elsewhere.invalid/" })),
  "form-action": () => {
    const form = Object.assign(document.createElement("form"), { action: "https://elsewhere.invalid/" });
    document.body.append(form);
    form.submit();
  },
};

for (const page of [...Object.keys(POLICIES), "index.html?embed=1&load=now&controls=1"]) {
  test(`${page} sends no request to other hosts, and its policy blocks injected code`, async (t) => {
    const { url } = await serveSite(t);
    const { page: tab, problems, requests } = await openPage(t, `${url}/${page}`);
    if (page.startsWith("index")) {
      await waitUntilReady(tab);
      if (!page.includes("embed")) await runAttack(tab);
    }
    if (page.endsWith("lab.html")) await tab.locator("#lab[data-ready=true]").waitFor();
    await tab.waitForLoadState("networkidle");
    assert.deepEqual(
      requests.filter(
        (request) =>
          !request.startsWith(`${url}/`) && !request.startsWith(`blob:${url}/`) && !request.startsWith("data:"),
      ),
      [],
    );
    assert.deepEqual(problems, []);

    await tab.evaluate(() => {
      const page = /** @type {any} */ (globalThis);
      page.blocked = [];
      document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) =>
        page.blocked.push(effectiveDirective),
      );
    });
    for (const [directive, attempt] of Object.entries(ATTEMPTS)) {
      // Run in a task of the page, because code that a debugger runs may do more.
      const handle = await tab.evaluateHandle(`(${attempt})`);
      await tab.evaluate(
        (attempt) =>
          new Promise((/** @type {(value: void) => void} */ resolve) =>
            setTimeout(() => {
              try {
                /** @type {any} */ (attempt)();
              } catch {
                // The policy has blocked it.
              }
              resolve();
            }),
          ),
        handle,
      );
      await tab.waitForFunction((directive) => /** @type {any} */ (globalThis).blocked.includes(directive), directive);
    }
    assert.equal(await tab.evaluate(() => /** @type {any} */ (globalThis).wasRun), undefined);
  });
}

for (const [page, script] of /** @type {const} */ ([
  ["", "www/engine/worker.js"],
  ["www/lab.html", "www/pool/worker.js"],
])) {
  test(`The policy that a host sends with ${script} blocks requests to other hosts and the evaluation of text`, async (t) => {
    const { url } = await serveSite(t);
    const { page: tab, problems } = await openPage(t, `${url}/${page}`);
    if (page === "") {
      await waitUntilReady(tab);
      await runAttack(tab);
    } else {
      await tab.locator("#lab[data-ready=true]").waitFor();
      await tab.locator("#lab-images").fill("1");
      await tab.locator("#lab-run").click();
      await tab.locator("#lab[data-state=done]").waitFor();
    }
    assert.deepEqual(problems, [], "the worker does its work under its policy");
    const worker = tab.workers().find((each) => each.url().endsWith(script));
    assert.ok(worker);
    const blocked = await worker.evaluate(
      () =>
        new Promise((resolve) => {
          /** @type {Set<string>} */
          const found = new Set();
          addEventListener("securitypolicyviolation", (event) => {
            found.add(/** @type {SecurityPolicyViolationEvent} */ (event).effectiveDirective);
            if (found.size === 2) resolve([...found].sort());
          });
          // In a task of the worker, because code that a debugger runs may do more.
          setTimeout(() => {
            fetch("https://elsewhere.invalid/").catch(() => {});
            try {
              // biome-ignore lint/security/noGlobalEval: The policy has to block it.
              globalThis.eval("1");
            } catch {
              // The policy has blocked it.
            }
          });
        }),
    );
    assert.deepEqual(blocked, ["connect-src", "script-src"]);
  });
}
