/**
 * `npm run bench`: how fast the engine is in the browser, against the floor that the machine sets and
 * against what people would use instead. Prints tables, and writes results/bench-browser.json and
 * docs/speed.md. `-- quick` leaves out what takes long and writes nothing. On a machine that is busy
 * ROUNDS=3 and IMAGES=20 in the environment take fewer turns and fewer of the 900.
 *
 * Every speed is a ratio within one run: what is compared takes turns, and the median of the turns
 * counts. Times are processor time of the page's thread, which other programs on the machine do not
 * stretch as they do the time by the clock; where several threads or processes work, they are by the clock.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { launchBrowser } from "../scripts/browser.mjs";
import { publishedFiles, startServer } from "../scripts/serve.mjs";
import { median, tables, writeReport } from "./report.mjs";

/**
 * @typedef {import("./page/main.js").Work} Work
 * @typedef {Work & { processor: number | null, clock: number }} Timing Milliseconds for each image, or for each
 * product.
 */

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const RESULT = join(ROOT, "results/bench-browser.json");
const QUICK = process.argv.includes("quick");
/** Turns that everything has. */
const ROUNDS = QUICK ? 1 : Number(process.env.ROUNDS ?? 5);
/** Images of the 900 attacks, which are nine on each. */
const IMAGES = QUICK ? 5 : Number(process.env.IMAGES ?? 100);
/** Milliseconds of a turn, at least. */
const TURN = 100;
/** WebGL in software, since the machine may have no graphics processor. */
const SOFTWARE_WEBGL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"];

const DATASETS = ["mnist", "cifar10"];
/** Peers on a graphics processor; here it is a program, too slow for more than orientation. */
const ON_GPU = ["tfjs-webgl", "tfjs-webgpu"];
/** Milliseconds in which such a peer has to be checked and timed. */
const PATIENCE = 60_000;
/** How far a peer's logits may be off, relative to the largest. */
const TOLERANCE = 1e-4;

prepare();
const server = await serve();
const result = await measure(server.url);
server.close();
process.stdout.write(`${tables(result)}\n`);
if (!QUICK) {
  writeFileSync(RESULT, `${JSON.stringify(result, null, 1)}\n`);
  writeReport();
}

/** Brings what is missing: the module with its pieces laid open, and the peers. */
function prepare() {
  const run = (/** @type {string} */ command, /** @type {string[]} */ ...options) =>
    execFileSync(command, options, { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] });
  const lock = join(ROOT, "bench/node_modules/.package-lock.json");
  if (!existsSync(lock) || statSync(lock).mtimeMs < statSync(join(ROOT, "bench/package-lock.json")).mtimeMs) {
    run("npm", "ci", "--prefix", "bench", "--ignore-scripts", "--no-audit", "--no-fund");
  }
  if (!existsSync(join(ROOT, "bench/pkg/bench/engine.js"))) run("bash", "scripts/build.sh", "bench/pkg", "bench");
}

/** The published files, as any host sends them, and the bench's own. */
async function serve() {
  const files = publishedFiles();
  const types = /** @type {Record<string, string>} */ ({
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".html": "text/html",
    ".wasm": "application/wasm",
  });
  let sent = 0;
  const server = await startServer(async (request, response) => {
    const before = request.socket.bytesWritten;
    response.on("finish", () => {
      sent += request.socket.bytesWritten - before;
    });
    const { pathname } = new URL(`${request.url}`, "http://localhost");
    if (!/^\/bench\/[\w@/.-]+$/.test(pathname) || pathname.includes("..")) return files(request, response);
    const body = await readFile(join(ROOT, pathname)).catch(() => null);
    response
      .writeHead(body ? 200 : 404, { "Content-Type": types[extname(pathname)] ?? "application/octet-stream" })
      .end(body);
  });
  return { ...server, sent: () => sent };
}

/** @param {string} url */
async function measure(url) {
  const load = loadavg();
  const startUp = [];
  for (let visit = 0; visit < (QUICK ? 1 : 3); visit++) startUp.push(await visitOnce(url));
  const browser = await launchBrowser();
  const page = await browser.newPage();
  await page.goto(`${url}/bench/page/index.html`);
  await page.waitForFunction(() => "bench" in globalThis, undefined, { timeout: 60_000 });
  const clock = await page.context().newCDPSession(page);
  await clock.send("Performance.enable");
  const call = (/** @type {string} */ method, /** @type {any[]} */ ...given) =>
    page.evaluate(
      ([method, given]) => /** @type {any} */ (globalThis).bench[method](...given),
      /** @type {const} */ ([method, given]),
    );
  const metrics = async () =>
    Object.fromEntries((await clock.send("Performance.getMetrics")).metrics.map(({ name, value }) => [name, value]));

  /** @type {any[]} */
  const checks = [];
  for (const [by, dataset] of ["tfjs-wasm", "onnxruntime"].flatMap((by) => DATASETS.map((dataset) => [by, dataset]))) {
    say(`checking ${by} on ${dataset}`);
    checks.push({
      by,
      dataset,
      ...(await call("check", by, dataset, 8).catch((error) => ({ error: NaN, pairs: {}, failure: firstLine(error) }))),
    });
  }
  const isTimed = (/** @type {Work} */ { by, dataset }) =>
    !by || checks.some((check) => check.by === by && check.dataset === dataset && isRight(check));

  const sides = await call("sides");
  const names = ["step", "forward", "convolutions", "dense", "choice"];
  /** @type {Work[]} */
  const works = [
    ...sides.flatMap((/** @type {number} */ side) =>
      ["own", "gemm"].map((piece) => ({ what: "product", side, piece })),
    ),
    ...DATASETS.flatMap((dataset) =>
      [1, 32].flatMap((batch) =>
        names.map((piece) => /** @type {Work} */ ({ what: "piece", piece, dataset, attack: "jsma-f", batch })),
      ),
    ),
    ...["jsma-f", "jsma-t", "jsma-z", "not-robust"].flatMap((attack) =>
      [1, 8, 32, 100].map((batch) => /** @type {Work} */ ({ what: "step", dataset: "mnist", attack, batch })),
    ),
    ...["jsma-f", "jsma-t", "jsma-z"].flatMap((attack) =>
      [1, 8, 32].map((batch) => /** @type {Work} */ ({ what: "step", dataset: "cifar10", attack, batch })),
    ),
    ...[14, 28, 56, 112, 224].map(
      (budget) => /** @type {Work} */ ({ what: "attacks", dataset: "mnist", attack: "jsma-f", batch: 32, budget }),
    ),
    ...DATASETS.flatMap((dataset) =>
      [1, 32].map((batch) => /** @type {Work} */ ({ what: "forward", by: "onnxruntime", dataset, batch })),
    ),
    ...DATASETS.flatMap((dataset) => [
      /** @type {Work} */ ({ what: "usual", by: "tfjs-wasm", dataset, batch: 1 }),
      ...["jsma-f", "jsma-z"].flatMap((attack) =>
        [1, 32].map((batch) => /** @type {Work} */ ({ what: "best", by: "tfjs-wasm", dataset, attack, batch })),
      ),
    ]),
  ];
  const timed = works.filter(isTimed).filter(({ dataset }) => !QUICK || dataset !== "cifar10");

  /** @param {Work} work @param {number} times */
  async function turn(work, times) {
    const before = await metrics();
    const started = performance.now();
    await call("run", work, times);
    const clock = performance.now() - started;
    return { clock, processor: 1000 * ((await metrics()).ThreadTime - before.ThreadTime) };
  }

  /** How often each work is done in a turn: until it takes long enough. */
  const often = new Map();
  /** @type {Map<Work, { clock: number, processor: number }[]>} */
  const turns = new Map();
  for (let round = 0; round < ROUNDS; round++) {
    say(`round ${round + 1} of ${ROUNDS}`);
    for (const work of timed) {
      let times = often.get(work) ?? 1;
      if (round === 0) await turn(work, 1);
      let took = await turn(work, times);
      for (; round === 0 && took.processor < TURN && took.clock < 3 * TURN; took = await turn(work, times)) times *= 2;
      often.set(work, times);
      const each = times * (work.batch ?? 1);
      turns.set(work, [...(turns.get(work) ?? []), { clock: took.clock / each, processor: took.processor / each }]);
    }
  }
  /** @type {Timing[]} */
  const timings = timed.map((work) => {
    const took = turns.get(work) ?? [];
    return {
      ...work,
      clock: median(took.map((each) => each.clock)),
      processor: median(took.map((each) => each.processor)),
    };
  });

  say("memory over a long run");
  const long = { what: "step", dataset: "mnist", attack: "jsma-f", batch: 100 };
  const memory = [await call("memory")];
  for (let part = 0; part < (QUICK ? 1 : 3); part++) {
    await call("run", long, 20);
    memory.push(await call("memory"));
  }
  const heap = (await metrics()).JSHeapUsedSize;

  const experiments = [];
  for (const workers of QUICK ? [2] : [1, 2]) {
    say(`${9 * IMAGES} attacks on ${workers} worker${workers > 1 ? "s" : ""}`);
    experiments.push({ workers, ...(await call("experiment", "mnist", workers, IMAGES)) });
  }
  const versions = { chromium: browser.version(), node: process.versions.node, ...(await call("versions")) };
  const floors = Object.fromEntries(
    await Promise.all(
      DATASETS.map(async (dataset) => [
        dataset,
        { one: await call("multiplyAdds", dataset, 1), two: await call("multiplyAdds", dataset, 2) },
      ]),
    ),
  );
  await browser.close();
  for (const by of QUICK ? [] : ON_GPU) {
    say(`checking and timing ${by}`);
    const found = await onGpu(url, by);
    checks.push({ by, dataset: "mnist", ...found.check });
    timings.push(...found.timings);
  }
  return {
    date: new Date().toISOString().slice(0, 10),
    hardware: { processor: cpus()[0].model, cores: cpus().length },
    load: { before: load, after: loadavg() },
    versions,
    turns: ROUNDS,
    module: JSON.parse(readFileSync(join(ROOT, "pkg/cpu/build.json"), "utf8")).wasm,
    multiply_adds: floors,
    checks,
    timings,
    experiments,
    start_up: startUp,
    memory: { wasm: memory, heap },
  };
}

/**
 * A first visit: how long it takes until the first attack on both networks is done, and what is transferred until then.
 *
 * @param {string} url
 */
async function visitOnce(url) {
  const browser = await launchBrowser();
  const page = await browser.newPage();
  await page.addInitScript(() => {
    const panels = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-panel]")]);
    const watch = setInterval(() => {
      const run = /** @type {HTMLButtonElement | null} */ (document.querySelector("#run"));
      const scope = /** @type {any} */ (globalThis);
      if (
        !scope.begun
        && run
        && !run.disabled
        && panels().filter(({ dataset }) => dataset.status === "ready" && dataset.label).length === 2
      ) {
        scope.begun = performance.now();
        run.click();
      } else if (
        scope.begun
        && document.body.dataset.running === "false"
        && panels().every(({ dataset }) => dataset.outcome)
      ) {
        scope.ended = performance.now();
        clearInterval(watch);
      }
    }, 5);
  });
  const before = server.sent();
  await page.goto(`${url}/`);
  await page.waitForFunction(() => "ended" in globalThis, undefined, { timeout: 60_000 });
  const { begun, ended } = await page.evaluate(() => ({
    begun: Math.round(/** @type {any} */ (globalThis).begun),
    ended: Math.round(/** @type {any} */ (globalThis).ended),
  }));
  const bytes = server.sent() - before;
  await browser.close();
  return { ready: begun, attacked: ended, bytes };
}

/** @param {{ error: number, pairs: Record<string, boolean> }} check */
function isRight({ error, pairs }) {
  return error <= TOLERANCE && Object.values(pairs).every(Boolean);
}

/**
 * A peer on a graphics processor, in a browser of its own: checked on one image and timed by the clock,
 * unless it takes longer than anybody would wait.
 *
 * @param {string} url
 * @param {string} by
 */
async function onGpu(url, by) {
  const browser = await launchBrowser({ gpu: true, args: SOFTWARE_WEBGL });
  const page = await browser.newPage();
  /** @type {Timing[]} */
  const timings = [];
  /** @type {any} */
  let check = { error: NaN, pairs: {} };
  const work = async () => {
    await page.goto(`${url}/bench/page/index.html`);
    await page.waitForFunction(() => "bench" in globalThis, undefined, { timeout: 60_000 });
    check = await page.evaluate((by) => /** @type {any} */ (globalThis).bench.check(by, "mnist", 1), by);
    if (!isRight(check)) return;
    for (const what of /** @type {const} */ (["best", "usual"])) {
      /** @type {Work} */
      const work = { what, by, dataset: "mnist", attack: "jsma-f", batch: 1 };
      const clock = await page.evaluate(async (work) => {
        const started = performance.now();
        await /** @type {any} */ (globalThis).bench.run(work, 1);
        return performance.now() - started;
      }, work);
      timings.push({ ...work, clock, processor: null });
    }
  };
  const over = new Promise((_, reject) =>
    setTimeout(() => reject(new Error(`no answer within ${PATIENCE / 1000} s`)), PATIENCE).unref(),
  );
  await Promise.race([work(), over]).catch((error) => {
    check = { ...check, failure: firstLine(error) };
  });
  await browser.close();
  return { check, timings };
}

/** @param {Error} error */
function firstLine({ message }) {
  return message.split("\n")[0];
}

/** @param {string} what */
function say(what) {
  process.stderr.write(`${what}\n`);
}
