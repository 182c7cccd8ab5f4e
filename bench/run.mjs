/**
 * `npm run bench`: measures the engine's speed in the browser, and compares it with the machine's floor (see
 * `floorOf`) and with other libraries (the peers). Prints tables, and writes results/bench-browser.json and
 * docs/speed.md. `-- quick` leaves out the slow measurements and writes nothing. On a busy machine, set ROUNDS=3 and
 * IMAGES=20 in the environment for fewer rounds and for fewer of the 900 attacks.
 *
 * Speeds are compared within one run only: in each round everything is timed once, in turn, and the median of the
 * rounds is reported. Times are the processor time of the page's thread, which other programs on the machine affect
 * less than wall-clock time. Where several threads or processes work, wall-clock time is used.
 *
 * The module is also timed against that of an earlier commit, which is read from the history.
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
/** How often everything is timed. */
const ROUNDS = QUICK ? 1 : Number(process.env.ROUNDS ?? 5);
/** The number of images of the 900 attacks; each is attacked towards nine classes. */
const IMAGES = QUICK ? 5 : Number(process.env.IMAGES ?? 100);
/** How often the 900 attacks are made by the module and by the earlier one. */
const ATTACK_ROUNDS = QUICK ? 1 : 3;
/** The least duration of a timing in milliseconds; shorter work is repeated. */
const LEAST_TIMING = 100;
/** Switches WebGL in software on, since the machine may have no graphics processor. */
const SOFTWARE_WEBGL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"];

const DATASETS = ["mnist", "cifar10"];
/** The last commit before the engine skipped zeros. */
const BEFORE = "132f0ae";
/** The attacks whose steps are timed with its module, and what is timed: FGSM makes one step only. */
const COMPARED = /** @type {const} */ ({
  "jsma-f": "step",
  "jsma-z": "step",
  "not-robust": "step",
  "cw-l2": "step",
  "cw-l0": "step",
  fgsm: "first",
});
/** Peers that need a graphics processor. It is emulated in software here, so their times are only a rough guide. */
const GPU_PEERS = ["tfjs-webgl", "tfjs-webgpu"];
/** Milliseconds after which checking and timing such a peer is given up. */
const GPU_PEER_LIMIT = 60_000;
/** The largest allowed difference of a peer's logits, relative to the largest logit. */
const TOLERANCE = 1e-4;

prepare();
const before = filesBefore();
const server = await serve(before ?? {});
const result = await measure(server.url);
server.close();
process.stdout.write(`${tables(result)}\n`);
if (!QUICK) {
  writeFileSync(RESULT, `${JSON.stringify(result, null, 1)}\n`);
  writeReport();
}

/** Installs the peers, and builds the wasm module that exports the parts of a step, if they are missing. */
function prepare() {
  const run = (/** @type {string} */ command, /** @type {string[]} */ ...options) =>
    execFileSync(command, options, { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] });
  const lock = join(ROOT, "bench/node_modules/.package-lock.json");
  if (!existsSync(lock) || statSync(lock).mtimeMs < statSync(join(ROOT, "bench/package-lock.json")).mtimeMs) {
    run("npm", "ci", "--prefix", "bench", "--ignore-scripts", "--no-audit", "--no-fund");
  }
  if (!existsSync(join(ROOT, "bench/pkg/bench/engine.js"))) run("bash", "scripts/build.sh", "bench/pkg", "bench");
}

/** The files of the earlier module; `null` if the history is not there. */
function filesBefore() {
  try {
    const files = ["engine.js", "engine_bg.wasm"].map((name) => [
      `/bench/before/${name}`,
      execFileSync("git", ["show", `${BEFORE}:pkg/cpu/${name}`], {
        cwd: ROOT,
        maxBuffer: 2 ** 26,
        stdio: ["ignore", "pipe", "ignore"],
      }),
    ]);
    return /** @type {Record<string, Buffer>} */ (Object.fromEntries(files));
  } catch {
    logProgress(`The history does not have commit ${BEFORE}, so its module is not timed.`);
    return null;
  }
}

/**
 * Serves the published files, as any static host does, the bench's own, and those given; counts the bytes sent.
 *
 * @param {Record<string, Buffer>} given
 */
async function serve(given) {
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
    const body = given[pathname] ?? (await readFile(join(ROOT, pathname)).catch(() => null));
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
  const processes = await browser.newBrowserCDPSession();
  const call = (/** @type {string} */ method, /** @type {any[]} */ ...given) =>
    page.evaluate(
      ([method, given]) => /** @type {any} */ (globalThis).bench[method](...given),
      /** @type {const} */ ([method, given]),
    );
  const metrics = async () =>
    Object.fromEntries((await clock.send("Performance.getMetrics")).metrics.map(({ name, value }) => [name, value]));
  /** Seconds of processor time of all threads of pages. */
  const processorTime = async () =>
    (await processes.send("SystemInfo.getProcessInfo")).processInfo
      .filter(({ type }) => type === "renderer")
      .reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  if (before) await call("startBefore");

  /** @type {any[]} */
  const checks = [];
  for (const [by, dataset] of ["tfjs-wasm", "onnxruntime"].flatMap((by) => DATASETS.map((dataset) => [by, dataset]))) {
    logProgress(`checking ${by} on ${dataset}`);
    checks.push({
      by,
      dataset,
      ...(await call("check", by, dataset, 8).catch((error) => ({ error: NaN, pairs: {}, failure: firstLine(error) }))),
    });
  }
  const isTimed = (/** @type {Work} */ { by, dataset }) =>
    !by || checks.some((check) => check.by === by && check.dataset === dataset && agrees(check));

  const sides = await call("sides");
  const names = await call("pieces");
  /** @type {Work[]} */
  const works = [
    ...sides.flatMap((/** @type {number} */ side) =>
      ["engine", "burn"].map((piece) => ({ what: "product", side, piece })),
    ),
    ...DATASETS.flatMap((dataset) =>
      [1, 32].flatMap((batch) =>
        names.map(
          (/** @type {string} */ piece) =>
            /** @type {Work} */ ({ what: "piece", piece, dataset, attack: "jsma-f", batch }),
        ),
      ),
    ),
    ...["jsma-f", "jsma-t", "jsma-z", "not-robust"].flatMap((attack) => [
      .../** @type {const} */ ([1, 8, 32, 100]).map(
        (batch) => /** @type {Work} */ ({ what: "step", dataset: "mnist", attack, batch }),
      ),
      /** @type {Work} */ ({ what: "first", dataset: "mnist", attack, batch: 1 }),
    ]),
    ...["jsma-f", "jsma-t", "jsma-z"].flatMap((attack) => [
      ...[1, 8, 32].map((batch) => /** @type {Work} */ ({ what: "step", dataset: "cifar10", attack, batch })),
      /** @type {Work} */ ({ what: "first", dataset: "cifar10", attack, batch: 1 }),
    ]),
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
  /** @type {Work[]} */
  const compared = DATASETS.flatMap((dataset) =>
    Object.entries(before ? COMPARED : {}).flatMap(([attack, what]) =>
      /** @type {const} */ (["now", "before"]).map((module) => ({ what, dataset, attack, batch: 1, module })),
    ),
  );
  const timed = [...works, ...compared].filter(isTimed).filter(({ dataset }) => !QUICK || dataset !== "cifar10");

  /** @param {Work} work @param {number} times */
  async function timeWork(work, times) {
    await call("prepare", work, times);
    const before = await metrics();
    const started = performance.now();
    const count = await call("run", work, times);
    const clock = performance.now() - started;
    return { count, clock, processor: 1000 * ((await metrics()).ThreadTime - before.ThreadTime) };
  }

  /** How often each work is repeated in a timing: doubled in the first round until the timing is long enough. */
  const repeats = new Map();
  /** @type {Map<Work, { clock: number, processor: number }[]>} */
  const rounds = new Map();
  for (let round = 0; round < ROUNDS; round++) {
    logProgress(`round ${round + 1} of ${ROUNDS}`);
    for (const work of timed) {
      let times = repeats.get(work) ?? 1;
      if (round === 0) await timeWork(work, 1);
      let took = await timeWork(work, times);
      for (
        ;
        round === 0 && took.processor < LEAST_TIMING && took.clock < 3 * LEAST_TIMING;
        took = await timeWork(work, times)
      )
        times *= 2;
      repeats.set(work, times);
      const { count, clock, processor } = took;
      rounds.set(work, [...(rounds.get(work) ?? []), { clock: clock / count, processor: processor / count }]);
    }
  }
  const took = (/** @type {Work} */ work) => rounds.get(work) ?? [];
  /** @type {Timing[]} */
  const timings = works
    .filter((work) => rounds.has(work))
    .map((work) => ({
      ...work,
      clock: median(took(work).map((each) => each.clock)),
      processor: median(took(work).map((each) => each.processor)),
    }));

  logProgress("memory over a long run");
  const long = { what: "first", dataset: "mnist", attack: "jsma-f", batch: 100 };
  const memory = [await call("memory")];
  for (let part = 0; part < (QUICK ? 1 : 3); part++) {
    for (let time = 0; time < 20; time++) await call("run", long, 1);
    memory.push(await call("memory"));
  }
  const heap = (await metrics()).JSHeapUsedSize;

  const experiments = [];
  for (const workers of QUICK ? [2] : [1, 2]) {
    logProgress(`${9 * IMAGES} attacks on ${workers} worker${workers > 1 ? "s" : ""}`);
    experiments.push({ workers, ...(await call("experiment", "mnist", workers, IMAGES)) });
  }
  const attacks = [];
  for (let round = 0; before && round < ATTACK_ROUNDS; round++) {
    for (const module of /** @type {const} */ (["now", "before"])) {
      logProgress(`${9 * IMAGES} attacks by both modules, round ${round + 1} of ${ATTACK_ROUNDS}: ${module}`);
      const started = await processorTime();
      const done = await call("attackAll", "mnist", module, IMAGES);
      attacks.push({ module, ...done, processor: (await processorTime()) - started });
    }
  }
  const versions = { chromium: browser.version(), node: process.versions.node, ...(await call("versions")) };
  const floors = Object.fromEntries(
    await Promise.all(DATASETS.map(async (dataset) => [dataset, await call("multiplyAdds", dataset)])),
  );
  await browser.close();
  for (const by of QUICK ? [] : GPU_PEERS) {
    logProgress(`checking and timing ${by}`);
    const found = await measureGpuPeer(url, by);
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
    before: before && {
      commit: BEFORE,
      bytes: before["/bench/before/engine_bg.wasm"].length,
      timings: compared.flatMap((work, place) => {
        if (work.module !== "now" || !rounds.has(work)) return [];
        const [now, earlier] = [work, compared[place + 1]].map((each) => took(each).map(({ processor }) => processor));
        const { what, dataset, attack, batch } = work;
        const ratio = median(now.map((time, round) => earlier[round] / time));
        return [{ what, dataset, attack, batch, now: median(now), before: median(earlier), ratio }];
      }),
      attacks,
    },
    start_up: startUp,
    memory: { wasm: memory, heap },
  };
}

/**
 * Measures a first visit: the times from navigation until both networks are ready and until the first attack on both
 * has ended, in milliseconds, and the bytes transferred until then.
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

/** Whether a peer's results agree with the engine's. @param {{ error: number, pairs: Record<string, boolean> }} check */
function agrees({ error, pairs }) {
  return error <= TOLERANCE && Object.values(pairs).every(Boolean);
}

/**
 * Checks a peer that needs a graphics processor on one image, and times it by wall-clock time, in a browser of its own.
 * Gives up after `GPU_PEER_LIMIT`.
 *
 * @param {string} url
 * @param {string} by
 */
async function measureGpuPeer(url, by) {
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
    if (!agrees(check)) return;
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
    setTimeout(() => reject(new Error(`no answer within ${GPU_PEER_LIMIT / 1000} s`)), GPU_PEER_LIMIT).unref(),
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

/** @param {string} text */
function logProgress(text) {
  process.stderr.write(`${text}\n`);
}
