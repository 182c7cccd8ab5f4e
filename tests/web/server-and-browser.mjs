/** The server and the browser that the tests share, and their clean-up. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { after, before, test as nodeTest } from "node:test";
import { launchBrowser } from "../../scripts/browser.mjs";
import { publishedFiles, startServer } from "../../scripts/serve.mjs";

/**
 * @typedef {string | Buffer | number | ((request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => void)}
 * Answer
 */

/** An empty page on the site's origin, for tests of the JavaScript API. */
const BLANK = "<!doctype html><html lang=en><title>Test</title><link rel=icon href=data:,>";

/**
 * A test with a time limit.
 *
 * @param {string} name
 * @param {(t: import("node:test").TestContext) => void | Promise<void>} run
 * @param {number} [timeout]
 */
export const test = (name, run, timeout = 90_000) => void nodeTest(name, { timeout }, run);

/** The folder under test: this checkout, or one that `npm run site` has built. */
const FOLDER = process.env.SITE && resolve(process.env.SITE);

/**
 * Messages about the test machine, not about the page: the browser has no graphics processor, and the test blocks
 * service workers.
 */
const ABOUT_MACHINE = /^(No available adapters\.|Service Worker registration blocked by Playwright)/;

/** @type {import("playwright-core").Browser} */
let browser;

/** @param {Parameters<typeof launchBrowser>[0]} [options] */
export function withBrowser(options) {
  before(async () => {
    browser = await launchBrowser(options);
  });
  after(() => browser.close());
}

/**
 * A server for one test.
 *
 * @param {import("node:test").TestContext} t
 * @param {import("node:http").RequestListener} listener
 */
export async function serve(t, listener) {
  const server = await startServer(listener);
  t.after(server.close);
  return server;
}

/**
 * Serves the published files. `answers` replaces some of them by a body, a status, or a function.
 *
 * @param {import("node:test").TestContext} t
 * @param {Record<string, Answer>} [answers] By path.
 * @param {string} [base] The path that the site is published under.
 */
export async function serveSite(t, answers = {}, base = "/") {
  const files = publishedFiles(FOLDER);
  /** @type {string[]} */
  const requests = [];
  let transferred = 0;
  const { url } = await serve(t, (request, response) => {
    if (!request.url?.startsWith(base)) return response.writeHead(404).end();
    request.url = request.url.slice(base.length - 1);
    const { pathname } = new URL(`${request.url}`, "http://localhost");
    requests.push(pathname);
    const before = request.socket.bytesWritten;
    response.on("finish", () => {
      transferred += request.socket.bytesWritten - before;
    });
    const answer = pathname === "/blank" ? BLANK : answers[pathname];
    if (answer === undefined) return files(request, response);
    if (typeof answer === "function") return answer(request, response);
    if (typeof answer === "number") return response.writeHead(answer).end();
    const type = pathname.endsWith(".js")
      ? "text/javascript"
      : `${answer}`.startsWith("<!doctype")
        ? "text/html"
        : "application/octet-stream";
    response.writeHead(200, { "Content-Type": type, "Access-Control-Allow-Origin": "*" }).end(answer);
  });
  return { url: url + base.slice(0, -1), answers, requests, transferred: () => transferred };
}

/**
 * The committed bits of attacks.
 *
 * @type {import("./bits.mjs").Case[]}
 */
export const BITS = JSON.parse(readFileSync(new URL("../bits/steps.json", import.meta.url), "utf8"));

/** Serves the published files and the comparison with {@link BITS}. @param {import("node:test").TestContext} t */
export const serveBits = (t) => serveSite(t, { "/bits.js": readFileSync(new URL("bits.mjs", import.meta.url)) });

/**
 * Opens a page for one test. `problems` collects what should never happen: errors, warnings in the console, violations
 * of the content security policy.
 *
 * @param {import("node:test").TestContext} t
 * @param {string} url
 * @param {import("playwright-core").BrowserContextOptions & { script?: string }} [options] `script` runs before the
 * page's own scripts. Service workers are blocked unless a test allows them.
 */
export async function openPage(t, url, { script, ...options } = {}) {
  const context = await browser.newContext({ serviceWorkers: "block", ...options });
  t.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  /** @type {string[]} */
  const problems = [];
  /** @type {string[]} */
  const requests = [];
  page.on("pageerror", (error) => problems.push(`${error}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !ABOUT_MACHINE.test(message.text()))
      problems.push(`${message.text()} ${message.location().url}`);
  });
  context.on("request", (request) => requests.push(request.url()));
  if (script) await page.addInitScript(script);
  await page.goto(url);
  return { page, problems, requests };
}

/**
 * The longest task on the page's main thread, in ms of processor time. Unlike time by the clock, processor time does
 * not grow when other programs use the machine.
 *
 * @param {import("playwright-core").Page} page
 * @param {() => Promise<unknown>} work
 */
export async function longestTask(page, work) {
  await browser.startTracing(page, { categories: ["toplevel"] });
  await work();
  /** @type {{ traceEvents: { name: string, pid: number, tid: number, tdur?: number, args: { name?: string } }[] }} */
  const { traceEvents } = JSON.parse(`${await browser.stopTracing()}`);
  const isMain = traceEvents.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
  const tasks = traceEvents.filter(
    ({ name, pid, tid }) => /RunTask$/.test(name) && isMain.some((main) => main.pid === pid && main.tid === tid),
  );
  return Math.max(0, ...tasks.map(({ tdur = 0 }) => tdur / 1000));
}
