/**
 * The published folder, served under a path: cards, story pages and oEmbed. And the npm package, installed from its
 * packed file.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { test as nodeTest } from "node:test";
import { fileURLToPath } from "node:url";
import { publishedFiles } from "../../scripts/serve.mjs";
import { panel, runAttack, waitForOutcomes, waitUntilReady } from "./page-actions.mjs";
import { openPage, serve, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BASE = "/some/base/";

/** A folder that is removed after the test. @param {import("node:test").TestContext} t */
function temporary(t) {
  const folder = mkdtempSync(join(tmpdir(), "site-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

nodeTest(
  "The site works under any path, and its story pages show a card and lead to their step",
  { timeout: 300_000 },
  async (t) => {
    const folder = temporary(t);
    const files = publishedFiles(folder);
    const { url: origin } = await serve(t, (request, response) => {
      if (!request.url?.startsWith(BASE)) return response.writeHead(404).end();
      request.url = request.url.slice(BASE.length - 1);
      void files(request, response);
    });
    const address = origin + BASE;
    execFileSync("node", [join(ROOT, "scripts/site.mjs"), folder, address, "page", "4"], { stdio: "inherit" });

    const { page, problems, requests } = await openPage(t, address);
    await waitUntilReady(page);
    assert.deepEqual(await runAttack(page), ["fooled", "gradient-vanished"]);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      requests.filter((request) => !request.startsWith(address) && !request.startsWith(`blob:${origin}/`)),
      [],
    );

    for (const [place, language] of [
      ["", "en"],
      ["www/story/4.html", "en"],
      ["www/story/4.ja.html", "ja"],
      ["www/blog/ja.html", "ja"],
    ]) {
      const html = await (await fetch(address + place)).text();
      const property = (/** @type {string} */ name) =>
        new RegExp(`<meta property="og:${name}" content="([^"]+)">`).exec(html)?.[1] ?? "";
      assert.equal(property("url"), address + place);
      assert.equal(property("locale").slice(0, 2), language);
      assert.ok(property("title").length > 5 && property("description").length > 20, place);
      const card = Buffer.from(await (await fetch(property("image"))).arrayBuffer());
      assert.deepEqual([card.readUInt32BE(16), card.readUInt32BE(20)], [1200, 630], place);
      const oembed = /<link rel="alternate" type="application\/json\+oembed" href="([^"]+)"/.exec(html)?.[1];
      if (place.includes("blog")) continue;
      const { html: frame, thumbnail_url } = await (await fetch(`${oembed}`)).json();
      assert.ok(frame.startsWith(`<iframe src="${address}?embed=1&amp;`), frame);
      assert.equal(thumbnail_url, property("image"));
    }
    assert.equal((await fetch(`${address}www/icon-180.png`)).status, 200);

    const { page: lost } = await openPage(t, `${address}www/%23v%3D1%26amp;sample=10%26amp;target=6%26amp;end`);
    await lost.waitForURL((url) => url.pathname === BASE);
    await lost.locator('#targets input[value="6"]:checked').waitFor({ state: "attached" });
    assert.ok(await lost.locator("#notes").isHidden());

    for (const [path, place] of [
      ["", "www/session/state.js"],
      ["www/lab.html", "www/lab/plan.js"],
      ["www/lab.html", "www/styles/lab.css"],
    ]) {
      const intact = readFileSync(join(folder, place), "utf8");
      writeFileSync(join(folder, place), `${intact}/* */`);
      const { page, problems } = await openPage(t, `${address}${path}`);
      await page.waitForLoadState();
      assert.ok(
        problems.some((problem) => problem.includes("integrity")),
        `a changed ${place} was not rejected: ${problems}`,
      );
      await page.locator(place.endsWith(".js") ? "main[hidden]" : "main:not([hidden])").waitFor({ state: "attached" });
      writeFileSync(join(folder, place), intact);
    }

    const { page: story } = await openPage(t, `${address}www/story/4.ja.html`);
    await story.waitForURL((url) => url.pathname === BASE);
    assert.deepEqual(await waitForOutcomes(story), ["fooled", "gradient-vanished"]);
    assert.ok(await story.locator('[data-story="both"]').isVisible());
    assert.ok(await story.locator("#notes").isHidden());
    assert.equal(await story.locator("html").getAttribute("lang"), "ja");
    assert.equal(
      await panel(story, "left").getAttribute("data-iteration"),
      await panel(story, "left").getAttribute("data-iterations"),
    );
  },
);

test("The packed package runs the example of about twenty lines", async (t) => {
  const folder = temporary(t);
  const [{ filename }] = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--pack-destination", folder], { cwd: ROOT, encoding: "utf8" }),
  );
  const installed = join(folder, "node_modules/defensive-distillation");
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", join(folder, filename), "-C", installed, "--strip-components=1"]);
  const { exports } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  for (const path of Object.values(exports["."])) assert.ok(readFileSync(join(installed, `${path}`)).length > 0);

  const example = readFileSync(join(ROOT, "examples/attack.html"));
  assert.ok(`${example}`.split("\n").length <= 30, "an example of about twenty lines");
  const types = /** @type {Record<string, string>} */ ({
    ".js": "text/javascript",
    ".wasm": "application/wasm",
    ".json": "application/json",
  });
  const { url: origin } = await serve(t, (request, response) => {
    const path = new URL(`${request.url}`, "http://localhost").pathname;
    if (path === "/") return response.writeHead(200, { "Content-Type": "text/html" }).end(example);
    const file = join(folder, path);
    if (!existsSync(file)) return response.writeHead(404).end();
    response
      .writeHead(200, { "Content-Type": types[extname(path)] ?? "application/octet-stream" })
      .end(readFileSync(file));
  });
  const { page, problems } = await openPage(t, `${origin}/`);
  await page.locator("output", { hasText: "fooled" }).waitFor();
  assert.match(`${await page.locator("output").textContent()}`, /reads \d after \d+ changed pixels/);
  assert.deepEqual(problems, []);
});
