/**
 * A release over an old visit: no page becomes an error page, and no page mixes the files of two releases. Two releases
 * are deployed one after the other, on hosts that serve files in different ways. Each page, picture and embedded page is
 * opened by a visitor of the first release and by a new one, with and without a reload, and without a connection.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { withHashes } from "../../scripts/hashes.mjs";
import { listFiles } from "../../scripts/release.mjs";
import { publishedFiles } from "../../scripts/serve.mjs";
import { openPage, serve, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {Record<string, Buffer>} Files By path. */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = "www/main.js";
const LAB = "www/lab/main.js";
const POST = "www/blog/en.html";
const LICENCES = "www/licences.html";
const PICTURE = "www/blog/attack.png";
const ELEMENT = "www/embed.js";

/** The pages, each with the script that says its release; the licences have none. @type {Record<string, string | null>} */
const PAGES = { "index.html": MAIN, "www/lab.html": LAB, [POST]: ELEMENT, [LICENCES]: null };

/** @param {string | Buffer} content */
const sha256 = (content) => createHash("sha256").update(content).digest("hex");

const NAMES = ["www", "pkg"].flatMap((folder) =>
  readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: "utf8" }).map(
    (name) => `${folder}/${name.replaceAll("\\", "/")}`,
  ),
);

/**
 * The files of a release that differ from the folder's: its number stands in every page and its script, and in a
 * picture. The pages are tied to their files, as `npm run site` does it.
 *
 * @param {number} number
 * @returns {Files}
 */
function release(number) {
  /** @type {Files} */
  const files = {};
  const read = (/** @type {string} */ name) => files[name] ?? readFileSync(`${ROOT}/${name}`);
  files[PICTURE] = Buffer.concat([read(PICTURE), Buffer.from(`release ${number}`)]);
  for (const [page, script] of Object.entries(PAGES)) {
    files[page] = Buffer.from(`${read(page)}`.replace("<body", `<body data-release="${number}"`));
    if (script) files[script] = Buffer.from(`${read(script)}\ndocument.documentElement.dataset.code = "${number}";\n`);
  }
  for (const [page, script] of Object.entries(PAGES))
    if (script) files[page] = Buffer.from(withHashes(page, NAMES, read));
  let list = listFiles(ROOT);
  for (const [name, content] of Object.entries(files)) {
    const line = new RegExp(`("${name.replaceAll(".", "\\.")}": )"[0-9a-f]{64}"`);
    assert.match(list, line);
    list = list.replace(line, `$1"${sha256(content)}"`);
  }
  return { ...files, "sw-files.js": Buffer.from(list) };
}

const FIRST = release(1);
const SECOND = release(2);

/** @typedef {import("node:http").IncomingMessage} Request */
/** @typedef {import("node:http").ServerResponse} Response */
/**
 * What a host does differently. `redirect` names another address for a path; `file` names the file of an address;
 * `headers` are added; `change` changes the content of a file of the second release; `missing` answers for a file that
 * does not exist.
 *
 * @type {Record<string, { redirect?: (path: string) => string | null, file?: (path: string) => string, headers?: Record<string, string>, change?: (name: string, content: Buffer) => Buffer, missing?: number }>}
 */
const HOSTS = {
  "serves every file at its path": {},
  "leaves out .html": {
    redirect: (path) => (path.endsWith(".html") ? path.replace(/(index)?\.html$/, "") : null),
    file: (path) => (/^\/www\/(.*\/)?[a-z]+$/.test(path) ? `${path}.html` : path),
  },
  "lets browsers keep files for an hour": { headers: { "Cache-Control": "max-age=3600" } },
  "sends the pages with CRLF": {
    change: (name, content) => (name.endsWith(".html") ? Buffer.from(`${content}`.replaceAll("\n", "\r\n")) : content),
  },
  "answers a missing file with a page and 404": { missing: 404 },
  "answers a missing file with a page and 200": { missing: 200 },
};

/**
 * A host that serves the first release until `deploy` is called, and nothing while `isDown` is set.
 *
 * @param {import("node:test").TestContext} t
 * @param {(typeof HOSTS)[string]} host
 */
async function serveReleases(t, { redirect, file = (path) => path, headers, change, missing }) {
  const published = publishedFiles(ROOT);
  let files = FIRST;
  const site = {
    url: "",
    isDown: false,
    /** Files that are gone. @type {Set<string>} */
    removed: new Set(),
    deploy() {
      files = SECOND;
    },
  };
  ({ url: site.url } = await serve(t, (request, response) => {
    if (site.isDown) return request.destroy();
    const { pathname, search } = new URL(`${request.url}`, "http://localhost");
    const place = redirect?.(pathname);
    if (place !== null && place !== undefined) return response.writeHead(308, { Location: place + search }).end();
    const name = file(pathname).slice(1) || "index.html";
    for (const [header, value] of Object.entries({ "Cache-Control": "no-cache", ...headers }))
      response.setHeader(header, value);
    if (site.removed.has(name) || name === "www/missing.html") {
      const page = "<!doctype html><html lang=en><title>Not here</title><body data-release=host>Not here.";
      return response.writeHead(missing ?? 404, { "Content-Type": "text/html" }).end(page);
    }
    if (!files[name]) {
      request.url = `/${name}`;
      // The headers of the host take the place of the server's own.
      const writeHead = response.writeHead.bind(response);
      response.writeHead = /** @type {any} */ (
        (/** @type {number} */ status, /** @type {Record<string, string>} */ given = {}) =>
          writeHead(status, { ...given, ...headers })
      );
      return published(request, response);
    }
    const content = files === SECOND && change ? change(name, files[name]) : files[name];
    const type = /\.html$/.test(name)
      ? "text/html; charset=utf-8"
      : /\.js$/.test(name)
        ? "text/javascript"
        : "image/png";
    response.writeHead(200, { "Content-Type": type, "Access-Control-Allow-Origin": "*" }).end(content);
  }));
  return site;
}

/**
 * The release of the open page. Fails if it is an error page, or if its script is of another release.
 *
 * @param {Page | import("playwright-core").Frame} page
 * @param {string} name
 */
async function releaseOf(page, name) {
  const script = PAGES[name];
  await page.waitForFunction(
    (hasScript) =>
      document.body?.dataset.release !== undefined
      && (!hasScript || document.documentElement.dataset.code !== undefined)
      && document.readyState === "complete",
    script !== null,
  );
  const [html, code] = await page.evaluate(() => [
    document.body.dataset.release,
    document.documentElement.dataset.code,
  ]);
  if (script) assert.equal(code, html, `${name}: the page and its script are of different releases`);
  return html;
}

/** The addresses of a page: with its file's name, and as some hosts shorten it. @param {string} name */
const addressesOf = (name) =>
  name === "index.html" ? ["/", "/?embed=1&load=now"] : [`/${name}`, `/${name.replace(".html", "")}`];

/**
 * Opens every page, with and without a reload, and a picture.
 *
 * @param {Page} page
 * @param {string} url
 * @param {boolean} isShortened Whether the host, or the worker, knows the addresses without `.html`.
 * @returns {Promise<Set<string | undefined>>} The releases that were shown.
 */
async function openAll(page, url, isShortened) {
  const shown = new Set();
  for (const name of Object.keys(PAGES))
    for (const address of addressesOf(name)) {
      if (!isShortened && address !== "/" && !/[.=]/.test(address)) continue;
      await page.goto(url + address);
      shown.add(await releaseOf(page, name));
      await page.reload();
      shown.add(await releaseOf(page, name));
    }
  return shown;
}

/** Waits until the first release is stored. @param {Page} page */
async function waitForOffline(page) {
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForFunction(() =>
    navigator.serviceWorker.getRegistration().then((found) => found?.active?.state === "activated"),
  );
  await page.reload();
  assert.ok(await page.evaluate(() => navigator.serviceWorker.controller !== null));
}

/** Whether a picture is shown that is in a page. @param {Page} page @param {string} address */
const showsPicture = (page, address) =>
  page.evaluate(
    (src) =>
      new Promise((resolve) => {
        const image = Object.assign(new Image(), { src });
        image.onload = () => resolve(true);
        image.onerror = () => resolve(false);
      }),
    address,
  );

for (const [name, host] of Object.entries(HOSTS)) {
  const isShortened = host.redirect !== undefined;

  test(`On a host that ${name}, a release breaks no page of an earlier visitor or a new one`, async (t) => {
    const site = await serveReleases(t, host);
    const { page: without } = await openPage(t, site.url);
    assert.deepEqual(await openAll(without, site.url, isShortened), new Set(["1"]));
    const { page } = await openPage(t, site.url, { serviceWorkers: "allow" });
    await waitForOffline(page);
    // A second tab stays open. It keeps the old worker running.
    const tab = await page.context().newPage();
    await tab.goto(`${site.url}/`);
    assert.equal(await releaseOf(tab, "index.html"), "1");

    site.deploy();
    assert.deepEqual(await openAll(page, site.url, true), new Set(["1"]), "the visitor's pages are of one release");
    await page.goto(`${site.url}/${LICENCES}`);
    assert.ok(await showsPicture(page, `/${PICTURE}`), "a picture of the new release is not shown");
    site.isDown = true;
    assert.deepEqual(await openAll(page, site.url, true), new Set(["1"]), "without a connection");

    site.isDown = false;
    // Such as a reader of embedded pages only. Its browser may show either release, and each page is of one.
    const shown = await openAll(without, site.url, isShortened);
    assert.ok(shown.has("2"), "a visitor without a service worker");
    const { page: fresh } = await openPage(t, site.url, { serviceWorkers: "allow" });
    assert.deepEqual(await openAll(fresh, site.url, isShortened), new Set(["2"]), "a new visitor");
    await fresh.goto(`${site.url}/www/missing.html`);
    assert.equal(await fresh.locator("body").getAttribute("data-release"), "host");
  }, 400_000);
}

test("A page whose copy is lost is the host's, with the host's files", async (t) => {
  const site = await serveReleases(t, {});
  const { page } = await openPage(t, site.url, { serviceWorkers: "allow" });
  await waitForOffline(page);
  site.deploy();
  await page.evaluate(async () => {
    const store = await caches.open((await caches.keys())[0]);
    for (const request of await store.keys()) if (request.url.includes(".html")) await store.delete(request);
  });
  assert.deepEqual(await openAll(page, site.url, false), new Set(["2"]));
});

test("A list that does not fit the files is named in the console, and the page works", async (t) => {
  const site = await serveReleases(t, {
    change: (name, content) => (name === LICENCES ? Buffer.from(`${content}`.replaceAll("\n", "\r\n")) : content),
  });
  site.deploy();
  const { page, problems } = await openPage(t, "about:blank", { serviceWorkers: "allow" });
  const warned = page.waitForEvent("console", (message) => /is not stored for offline use/.test(message.text()));
  await page.goto(site.url);
  await warned;
  assert.equal(problems.length, 1);
  assert.match(problems[0], /www\/licences\.html: the server sends it with CRLF line ends/);
  assert.equal(await releaseOf(page, "index.html"), "2");
});
