/**
 * Builds the folder that is published: `npm run site -- FOLDER ADDRESS`. It has the files of the checkout and the files
 * that need the site's address: preview cards for shared links, oEmbed files, and a page for each step of the story,
 * which has its own card and redirects to the step. The file `_headers` has the response headers for hosts that read it.
 * Further arguments select the pages to build, such as `page` or `4`; the default is all.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { escapeHtml } from "../www/codecs/html.js";
import { LANGUAGES } from "../www/languages/index.js";
import { launchBrowser } from "./browser.mjs";
import { withHashes } from "./hashes.mjs";
import { headersFile } from "./headers.mjs";
import { directionOf } from "./languages.mjs";
import { writeList } from "./release.mjs";
import { publishedFiles, startServer } from "./serve.mjs";

/** @typedef {import("playwright-core").Browser} Browser */

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CARD = { width: 1200, height: 630 };
/** A card is a picture of the embedded page, enlarged by this factor. */
const SCALE = 1.25;
const PICTURE = "v=1&left=undefended-1&right=distilled-40&sample=0&target=3";

/**
 * The link that each page shows, and whether its attack is run. The pages are the front page and the steps of the
 * story.
 *
 * @type {Record<string, { link: string, runs: boolean }>}
 */
const PAGES = {
  page: { link: PICTURE, runs: true },
  1: { link: PICTURE, runs: false },
  2: { link: `${PICTURE}&story=2`, runs: true },
  3: { link: `${PICTURE}&story=3`, runs: false },
  4: { link: `${PICTURE}&story=4`, runs: true },
  5: { link: `${PICTURE}&story=5&show=gradient&step=0`, runs: false },
  6: { link: `${PICTURE}&story=6&attack=jsma-t`, runs: true },
};

const [folder, address, ...wanted] = process.argv.slice(2);
if (!folder || !address || !URL.canParse(address) || !address.endsWith("/")) {
  process.stderr.write("Usage: npm run site -- FOLDER ADDRESS [PAGE …], where ADDRESS ends with a slash.\n");
  process.exit(1);
}
await build(wanted.length > 0 ? wanted : Object.keys(PAGES));

/** @param {string[]} names */
async function build(names) {
  copyFiles();
  const server = await startServer(publishedFiles(ROOT));
  const browser = await launchBrowser();
  try {
    const local = `${server.url}/`;
    await drawIcon(browser, local);
    for (const name of names)
      for (const language of Object.keys(LANGUAGES)) await buildPage(browser, local, name, language);
  } finally {
    await browser.close();
    server.close();
  }
  for (const page of [
    "index.html",
    "www/lab.html",
    ...readdirSync(join(folder, "www/blog"))
      .filter((name) => name.endsWith(".html"))
      .map((name) => `www/blog/${name}`),
  ])
    addHashes(page);
  writeList(folder);
  writeFileSync(join(folder, "_headers"), headersFile(new URL(address).pathname));
}

function copyFiles() {
  rmSync(folder, { recursive: true, force: true });
  for (const made of ["cards", "story", "oembed"]) mkdirSync(join(folder, "www", made), { recursive: true });
  const licences = readdirSync(ROOT).filter((name) => name.startsWith("LICENSE"));
  for (const name of ["index.html", "404.html", "sw.js", "www", "pkg", "results", ...licences])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  // The host sends this page for addresses in any folder, so it names its files by the site's path.
  const notFound = join(folder, "404.html");
  const { pathname } = new URL(address);
  writeFileSync(notFound, readFileSync(notFound, "utf8").replace(/(?<= (?:href|src)=")\//g, pathname));
}

/** Draws the icon as a PNG, for systems that do not support SVG. @param {Browser} browser @param {string} local */
async function drawIcon(browser, local) {
  const page = await browser.newPage({ viewport: { width: 180, height: 180 } });
  await page.goto(`${local}www/icon.svg`);
  await page.screenshot({ path: join(folder, "www/icon-180.png") });
  await page.close();
}

/**
 * Builds the card, the oEmbed file and the HTML of a page.
 *
 * @param {Browser} browser
 * @param {string} local
 * @param {string} name
 * @param {string} language
 */
async function buildPage(browser, local, name, language) {
  const suffix = language === "en" ? "" : `.${language}`;
  const card = `www/cards/${name}${suffix}.png`;
  const { link, iframe } = await readShareLines(
    browser,
    local,
    `${PAGES[name].link}&lang=${language}&fixlang=1`,
    PAGES[name].runs,
  );
  await drawCard(browser, `${local}?embed=1${new URL(link).hash}`, card);

  const words = JSON.parse(readFileSync(join(ROOT, `www/languages/${language}.json`), "utf8"));
  const locale = words["language.locale"];
  const title = name === "page" ? words.title : `${name}. ${words[`story.${name}.title`]}`;
  const description = (name === "page" ? words.subtitle : words[`story.${name}.text`]).replace(/ ?\[\d\]/g, "");
  const place = name === "page" ? "" : `www/story/${name}${suffix}.html`;
  const oembed = `www/oembed/${name}${suffix}.json`;
  writeFileSync(
    join(folder, oembed),
    `${JSON.stringify(
      {
        version: "1.0",
        type: "rich",
        title,
        provider_name: words.title,
        provider_url: address,
        html: iframe.replaceAll(local, address),
        width: 700,
        height: 520,
        thumbnail_url: address + card,
        thumbnail_width: CARD.width,
        thumbnail_height: CARD.height,
      },
      null,
      2,
    )}\n`,
  );

  const head = headOf({ locale, title, description, place, card, oembed });
  if (name !== "page")
    return writeFileSync(
      join(folder, place),
      storyPage({
        language,
        title,
        description,
        head,
        link: link.replace(local, "../../"),
        card: `../cards/${name}${suffix}.png`,
      }),
    );
  if (language === "en") addToHead("index.html", head);
  if (words["blog.file"] !== `${language}.html`) return;
  const post = `www/blog/${language}.html`;
  const html = readFileSync(join(folder, post), "utf8");
  const [, postTitle, postDescription] =
    /<title>([^<]*)<\/title>\s*<meta name="description" content="([^"]*)">/.exec(html) ?? [];
  addToHead(post, headOf({ locale, title: postTitle, description: postDescription, place: post, card, oembed: "" }));
}

/**
 * The elements that are added to the head of a page.
 *
 * @param {{ locale: string, title: string, description: string, place: string, card: string, oembed: string }} page
 */
function headOf({ locale, title, description, place, card, oembed }) {
  return [
    `<link rel="canonical" href="${address}${place}">`,
    `<link rel="apple-touch-icon" href="${address}www/icon-180.png">`,
    ...(oembed
      ? [
          `<link rel="alternate" type="application/json+oembed" href="${address}${oembed}" title="${escapeHtml(title)}">`,
        ]
      : []),
    `<meta property="og:type" content="website">`,
    `<meta property="og:locale" content="${locale}">`,
    `<meta property="og:title" content="${escapeHtml(title)}">`,
    `<meta property="og:description" content="${escapeHtml(description)}">`,
    `<meta property="og:url" content="${address}${place}">`,
    `<meta property="og:image" content="${address}${card}">`,
    `<meta property="og:image:width" content="${CARD.width}">`,
    `<meta property="og:image:height" content="${CARD.height}">`,
    `<meta name="twitter:card" content="summary_large_image">`,
  ]
    .map((line) => `  ${line}\n`)
    .join("");
}

/**
 * Opens a link and returns the link and the HTML of the frame that the share panel shows.
 *
 * @param {Browser} browser
 * @param {string} local
 * @param {string} link
 * @param {boolean} runs
 */
async function readShareLines(browser, local, link, runs) {
  const page = await browser.newPage({ reducedMotion: "reduce" });
  await page.goto(`${local}#${link}`);
  await page.waitForFunction(
    () => document.querySelectorAll('[data-panel][data-status="ready"]:not([data-label=""])').length === 2,
  );
  if (runs) await page.locator("#run").click();
  if (runs || /step=/.test(link))
    await page.waitForFunction(
      () =>
        document.body.dataset.running === "false"
        && document.querySelectorAll('[data-panel]:not([data-outcome=""])').length === 2,
    );
  if (runs)
    await page.waitForFunction(
      () =>
        document.querySelectorAll("[data-panel]").length > 0
        && [...document.querySelectorAll("[data-panel]")].every(
          (panel) => panel.getAttribute("data-iteration") === panel.getAttribute("data-iterations"),
        ),
    );
  await page.locator("#share-open").click();
  const lines = {
    link: await page.locator("#share-link").inputValue(),
    iframe: await page.locator("#share-iframe").inputValue(),
  };
  await page.close();
  return lines;
}

/** Takes the picture of a card. @param {Browser} browser @param {string} url @param {string} card */
async function drawCard(browser, url, card) {
  const [width, height] = [CARD.width / SCALE, CARD.height / SCALE];
  const page = await browser.newPage({ viewport: { width, height }, deviceScaleFactor: SCALE });
  await page.goto(url);
  await page.waitForFunction(
    () => document.querySelectorAll('[data-panel][data-status="ready"]:not([data-label=""])').length === 2,
  );
  if (/step=/.test(url))
    await page.waitForFunction(
      () =>
        document.body.dataset.running === "false"
        && document.querySelectorAll('[data-panel]:not([data-outcome=""])').length === 2,
    );
  await page.waitForTimeout(200);
  await page.screenshot({ path: join(folder, card) });
  await page.close();
}

/**
 * The HTML of a story step, which redirects to its link.
 *
 * @param {{ language: string, title: string, description: string, head: string, link: string, card: string }} page
 */
function storyPage({ language, title, description, head, link, card }) {
  return `<!doctype html>
<html lang="${language}" dir="${directionOf(language)}">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'">
  <meta http-equiv="refresh" content="0; url=${escapeHtml(link)}">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${escapeHtml(title)}</title>
  <meta name="description" content="${escapeHtml(description)}">
  <link rel="icon" href="../icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="../styles/base.css">
${head}</head>
<body>
  <main class="boot-note">
    <h1>${escapeHtml(title)}</h1>
    <p>${escapeHtml(description)}</p>
    <p><a href="${escapeHtml(link)}"><img src="${card}" alt="" width="600" height="315"> ${escapeHtml(title)}</a></p>
  </main>
</body>
</html>
`;
}

/** Ties a page to the files of this release. @param {string} page */
function addHashes(page) {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => name.replaceAll("\\", "/"));
  writeFileSync(
    join(folder, page),
    withHashes(page, names, (name) => readFileSync(join(folder, name))),
  );
}

/** Adds elements to the head of a page. @param {string} path @param {string} head */
function addToHead(path, head) {
  const file = join(folder, path);
  writeFileSync(file, readFileSync(file, "utf8").replace("</head>", `${head}</head>`));
}
