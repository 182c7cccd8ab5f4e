/**
 * Tests without a browser: the manifest's parser, the fetching of files, the server, the registry and the lab's plan.
 */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { ATTACKS, DATASETS, EXPERIMENTS } from "../../pkg/registry.js";
import { headersFile } from "../../scripts/headers.mjs";
import { languageFiles } from "../../scripts/languages.mjs";
import { publishedFiles } from "../../scripts/serve.mjs";
import { FOOLED, SPENT, settingsForLink, settingsOfLink } from "../../www/domain/attacks.js";
import { PAPER_KEYS } from "../../www/domain/papers.js";
import { ATTACK_IDS, DEFAULTS, pageSettings, pickSettings } from "../../www/domain/settings.js";
import { largestDerivative, largestLossDerivative, softmax } from "../../www/domain/softmax.js";
import { fetchBytes, fetchJson } from "../../www/engine/fetch.js";
import { parseManifest } from "../../www/engine/manifest.js";
import { coreSeconds } from "../../www/lab/estimate.js";
import { csv } from "../../www/lab/formats.js";
import {
  COMPARED_ATTACKS,
  chooseSamples,
  kindOf,
  EXPERIMENTS as OFFERED_EXPERIMENTS,
  tasksOf,
} from "../../www/lab/plan.js";
import { parse, rowsOfAttack } from "../../www/lab/published.js";
import { paperRows } from "../../www/lab/reported.js";
import { emptyLink, parseLink, writeLink } from "../../www/link/link.js";
import { parsePaperFigures } from "../../www/page/paper-figures.js";
import { ENTRY } from "./fake-site.mjs";
import { serve } from "./server-and-browser.mjs";

test("The parser of the manifest keeps the known fields and drops others", () => {
  assert.deepEqual(parseManifest([{ ...ENTRY, surprise: 1 }]), [ENTRY]);
  assert.deepEqual(parseManifest([]), []);
});

const HOSTILE = {
  "an object instead of a list": {},
  "null instead of a list": null,
  "a null entry": [null],
  "a missing field": [{ ...ENTRY, sha256: undefined }],
  "an id used twice": [ENTRY, ENTRY],
  "too many entries": Array.from({ length: 101 }, (_, index) => ({ ...ENTRY, id: `m${index}` })),
  "a path": [{ ...ENTRY, file: "../secret" }],
  "a folder": [{ ...ENTRY, file: "a/b" }],
  "an address": [{ ...ENTRY, file: "https://example.com" }],
  "two dots for a file name": [{ ...ENTRY, file: ".." }],
  "a hidden file": [{ ...ENTRY, file: ".env" }],
  "a query": [{ ...ENTRY, file: "a?b" }],
  "an object for a file name": [{ ...ENTRY, file: { toString: () => "a" } }],
  "a hash in capitals": [{ ...ENTRY, sha256: ENTRY.sha256.toUpperCase() }],
  "no bytes": [{ ...ENTRY, bytes: 0 }],
  "half a byte": [{ ...ENTRY, bytes: 1.5 }],
  "bytes as text": [{ ...ENTRY, bytes: "100" }],
  "more bytes than any model has": [{ ...ENTRY, bytes: 2 ** 40 }],
  "an unknown data set": [{ ...ENTRY, dataset: "imagenet" }],
  "an unknown role": [{ ...ENTRY, role: "__proto__" }],
  "a temperature of 0": [{ ...ENTRY, temperature: 0 }],
  "an infinite temperature": [{ ...ENTRY, temperature: Infinity }],
  "an accuracy in percent": [{ ...ENTRY, test_accuracy: 99.2 }],
  "a command of two lines": [{ ...ENTRY, command: "distill\nrm" }],
  "a long command": [{ ...ENTRY, command: "x".repeat(1001) }],
  "no date": [{ ...ENTRY, date: "yesterday" }],
};

for (const [name, manifest] of Object.entries(HOSTILE)) {
  test(`A manifest with ${name} is refused`, () => {
    assert.throws(() => parseManifest(manifest), { name: "ModelError", message: /list of models/ });
  });
}

/** @param {import("node:test").TestContext} t @param {import("node:http").RequestListener} listener */
async function serveFile(t, listener) {
  const { port } = await serve(t, listener);
  return new URL(`http://127.0.0.1:${port}/file.bin`);
}

test("A file of the right size is fetched completely, with its progress", async (t) => {
  /** Sends the rest of the file. The test calls it once the beginning has arrived. */
  let sendRest = () => {};
  const url = await serveFile(t, (_, response) => {
    response.write(Buffer.alloc(600, 1));
    sendRest = () => response.end(Buffer.alloc(400, 2));
  });
  /** @type {number[]} */
  const progress = [];
  const bytes = await fetchBytes(url, 1000, {
    onProgress: (loaded) => {
      progress.push(loaded);
      sendRest();
    },
  });
  assert.deepEqual([bytes.length, bytes[0], bytes[999]], [1000, 1, 2]);
  assert.deepEqual(progress, [600, 1000]);
});

/** @type {Record<string, [import("node:http").RequestListener, string, RegExp]>} */
const DAMAGED = {
  "too short": [
    (_, response) => response.end(Buffer.alloc(999)),
    "IntegrityError",
    /file\.bin.*999 bytes instead of 1000/,
  ],
  "too long": [(_, response) => response.end(Buffer.alloc(1001)), "IntegrityError", /longer than 1000/],
  endless: [
    (_, response) => {
      const timer = setInterval(() => response.write(Buffer.alloc(1000)), 5);
      response.on("close", () => clearInterval(timer));
    },
    "IntegrityError",
    /longer than 1000/,
  ],
  missing: [(_, response) => response.writeHead(404).end(), "NetworkError", /answered 404/],
  "cut off": [
    (_, response) => {
      response.write(Buffer.alloc(10));
      setTimeout(() => response.destroy(), 20);
    },
    "NetworkError",
    /could not be fetched/,
  ],
};

for (const [name, [listener, error, message]] of Object.entries(DAMAGED)) {
  test(`A file that is ${name} gives a ${error}`, async (t) => {
    const url = await serveFile(t, listener);
    await assert.rejects(fetchBytes(url, 1000), { name: error, message });
  });
}

for (const [phase, isBegun] of /** @type {const} */ ([
  ["before its answer", false],
  ["half-way through the file", true],
])) {
  test(`A host that stops ${phase} is given up after 30 seconds, and not before`, async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const url = await serveFile(t, (_, response) => isBegun && response.write(Buffer.alloc(10)));
    let seconds = 0;
    /** @type {(() => void) | undefined} */
    let onReceived;
    const received = new Promise((/** @type {(value: void) => void} */ resolve) => {
      onReceived = resolve;
    });
    const ended = fetchBytes(url, 1000, { onProgress: onReceived }).catch((error) => ({
      seconds,
      name: error.name,
      message: error.message,
    }));
    if (isBegun) await received;
    for (; seconds < 60; seconds++) {
      t.mock.timers.tick(1000);
      await new Promise(setImmediate);
    }
    const end = /** @type {{ seconds: number, name: string, message: string }} */ (await ended);
    assert.equal(end.name, "NetworkError");
    assert.match(end.message, /file\.bin could not be fetched: the server has not answered for 30 seconds/);
    assert.ok(end.seconds >= 30 && end.seconds < 35, `after ${end.seconds} seconds`);
  });
}

test("A cancelled fetch is rejected with an AbortError", async (t) => {
  const url = await serveFile(t, () => {});
  const control = new AbortController();
  const ended = assert.rejects(fetchBytes(url, 1000, { signal: control.signal }), { name: "AbortError" });
  control.abort();
  await ended;
  await assert.rejects(fetchBytes(url, 1000, { signal: control.signal }), { name: "AbortError" });
});

test("JSON that is invalid or larger than its limit is rejected", async (t) => {
  let body = "[1]";
  const url = await serveFile(t, (_, response) => response.end(body));
  assert.deepEqual(await fetchJson(url, { limit: 100 }), [1]);
  body = "[1";
  await assert.rejects(fetchJson(url, { limit: 100 }), { name: "IntegrityError", message: /not valid JSON/ });
  body = `[${"1,".repeat(100)}1]`;
  await assert.rejects(fetchJson(url, { limit: 100 }), { name: "IntegrityError", message: /too large/ });
});

/** @param {number} port @param {string} path @param {import("node:http").RequestOptions} [options] */
async function get(port, path, options) {
  // Node's client sends the path unchanged, while fetch would normalize it.
  const request = httpRequest({ port, path, host: "127.0.0.1", ...options }).end();
  const [response] = await once(request, "response");
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(await response.toArray()) };
}

test("The server serves the published files, compressed if the browser accepts it", async (t) => {
  const { port } = await serve(t, publishedFiles());
  const plain = await get(port, "/www/engine.js");
  assert.equal(plain.status, 200);
  assert.equal(plain.headers["content-type"], "text/javascript; charset=utf-8");
  const zipped = await get(port, "/www/engine.js", { headers: { "accept-encoding": "gzip" } });
  assert.equal(zipped.headers["content-encoding"], "gzip");
  assert.deepEqual(gunzipSync(zipped.body), plain.body);
  const unchanged = await get(port, "/www/engine.js?version=1", {
    headers: { "if-none-match": `${plain.headers.etag}` },
  });
  assert.deepEqual([unchanged.status, unchanged.body.length], [304, 0]);
  const head = await get(port, "/www/engine.js", { method: "HEAD" });
  assert.deepEqual([head.status, head.body.length], [200, 0]);
  assert.equal((await get(port, "/pkg/cpu/engine_bg.wasm")).headers["content-type"], "application/wasm");
  assert.equal((await get(port, "/", { method: "POST" })).status, 405);
});

test("The server compresses a file only for those who accept it", async (t) => {
  const { port } = await serve(t, publishedFiles());
  for (const [accepted, isZipped] of /** @type {const} */ ([
    ["gzip", true],
    ["br;q=1.0, GZIP ; q=0.5", true],
    ["br, *", true],
    ["*;q=0.1", true],
    ["gzip;q=0", false],
    ["gzip;q=0, *", false],
    ["gzip; q=0.000", false],
    ["*;q=0", false],
    ["notgzip", false],
    ["identity", false],
    ["", false],
  ])) {
    const { headers, status } = await get(port, "/www/engine.js", { headers: { "accept-encoding": accepted } });
    assert.deepEqual([status, headers["content-encoding"]], [200, isZipped ? "gzip" : undefined], accepted);
    assert.equal(headers.vary, "Accept-Encoding");
    assert.equal(
      /^W\//.test(`${headers.etag}`),
      isZipped,
      "a strong tag belongs to the file, a weak one to its zipped form",
    );
  }
});

test("The server answers If-None-Match with 304 if it lists the file's tag, weak or strong", async (t) => {
  const { port } = await serve(t, publishedFiles());
  const tag = `${(await get(port, "/www/engine.js")).headers.etag}`;
  for (const [asked, status] of /** @type {const} */ ([
    [tag, 304],
    [`W/${tag}`, 304],
    [`"other", W/${tag}`, 304],
    [`"a,b",${tag}`, 304],
    ["*", 304],
    [`"other"`, 200],
    [`W/"other", "*"`, 200],
    [tag.slice(1, -1), 200],
    ["", 200],
  ]))
    for (const encoding of ["gzip", "identity"]) {
      const headers = { "if-none-match": asked, "accept-encoding": encoding };
      const answer = await get(port, "/www/engine.js", { headers });
      assert.equal(answer.status, status, `${asked} ${encoding}`);
      assert.match(`${answer.headers.etag}`, new RegExp(tag));
    }
});

test("The server sends the part of a file that Range asks for", async (t) => {
  const { port } = await serve(t, publishedFiles());
  const path = "/pkg/cpu/engine_bg.wasm";
  const { body, headers } = await get(port, path);
  const end = body.length;
  assert.equal(headers["accept-ranges"], "bytes");
  for (const [range, from, to] of /** @type {const} */ ([
    ["bytes=0-0", 0, 1],
    ["bytes=10-19", 10, 20],
    ["bytes=100-", 100, end],
    ["bytes=-5", end - 5, end],
    [`bytes=-${end + 9}`, 0, end],
    [`bytes=7-${end + 9}`, 7, end],
  ])) {
    const answer = await get(port, path, { headers: { range, "accept-encoding": "gzip" } });
    assert.equal(answer.status, 206, range);
    assert.equal(answer.headers["content-range"], `bytes ${from}-${to - 1}/${end}`);
    assert.deepEqual(answer.body, body.subarray(from, to));
  }
  for (const range of [`bytes=${end}-`, "bytes=-0"]) {
    const { status, headers } = await get(port, path, { headers: { range } });
    assert.deepEqual([status, headers["content-range"]], [416, `bytes */${end}`], range);
  }
  for (const range of ["bytes=5-4", "bytes=0-1,4-5", "bytes=-", "items=0-1", "bytes=a-b"])
    assert.equal((await get(port, path, { headers: { range } })).status, 200, range);
  const part = (/** @type {string} */ tag) => get(port, path, { headers: { range: "bytes=0-9", "if-range": tag } });
  assert.equal((await part(`${headers.etag}`)).status, 206);
  assert.equal((await part('"older"')).status, 200);
  assert.equal((await get(port, path, { method: "HEAD", headers: { range: "bytes=0-9" } })).status, 200);
});

test("The file of headers lists the headers that the server sends", async (t) => {
  const { port } = await serve(t, publishedFiles());
  const [all, ...workers] = headersFile("/some/base/").split(/\n(?=\S)/);
  const parse = (/** @type {string} */ block) => {
    const [path, ...lines] = block.trimEnd().split("\n");
    return { path, headers: lines.map((line) => /** @type {string[]} */ (/^ {2}([\w-]+): (.+)$/.exec(line)).slice(1)) };
  };
  assert.equal(parse(all).path, "/some/base/*");
  assert.deepEqual(
    workers.map((block) => parse(block).path),
    ["/some/base/sw.js", "/some/base/www/engine/worker.js", "/some/base/www/pool/worker.js"],
  );
  for (const block of workers) {
    const { path, headers } = parse(block);
    const answer = await get(port, path.replace("/some/base", ""));
    for (const [name, value] of [...parse(all).headers, ...headers])
      assert.equal(answer.headers[name.toLowerCase()], value, `${path}: ${name}`);
  }
});

test("With an IPv6 address in HOST, npm start prints a link that works", async (t) => {
  const server = spawn("node", ["scripts/serve.mjs"], {
    cwd: new URL("../..", import.meta.url),
    env: { ...process.env, PORT: "0", HOST: "::1" },
  });
  t.after(() => server.kill());
  const [line] = await Promise.race([once(server.stdout, "data"), once(server.stderr, "data")]);
  if (/EADDRNOTAVAIL|EAFNOSUPPORT/.test(`${line}`)) return t.skip("this machine has no IPv6");
  const address = /http:\S+/.exec(`${line}`)?.[0] ?? "";
  assert.equal(new URL(address).hostname, "[::1]");
  assert.equal((await fetch(address)).status, 200);
});

const PRIVATE = [
  "/package.json",
  "/.git/HEAD",
  "/src/lib.rs",
  "/node_modules/typescript/package.json",
  "/scripts/serve.mjs",
  "/target",
  "/www",
  "/www/",
  "/../package.json",
  "/www/../package.json",
  "/www/..%2fpackage.json",
  "/www/%2e%2e/package.json",
  "/www/..%5cpackage.json",
  "/www//engine.js",
  "/www/%00",
  "/www/%",
  "//example.com/www/engine.js",
  "/www/missing.js",
  "/www/engine.js/",
  "/data/mnist/t10k-labels-idx1-ubyte",
];

for (const path of PRIVATE) {
  test(`The server does not serve ${path}`, async (t) => {
    const { port } = await serve(t, publishedFiles());
    assert.equal((await get(port, path)).status, 404);
  });
}

for (const [OFFLINE, worker] of [
  ["", "scripts/sw-development.js"],
  ["1", "sw.js"],
]) {
  test(`With OFFLINE=${OFFLINE}, npm start serves ${worker} as the service worker`, async (t) => {
    const server = spawn("node", ["scripts/serve.mjs"], {
      cwd: new URL("../..", import.meta.url),
      env: { ...process.env, PORT: "0", OFFLINE },
    });
    t.after(() => server.kill());
    const [line] = await once(server.stdout, "data");
    const { port } = new URL(/http:\S+/.exec(`${line}`)?.[0] ?? "");
    const { body } = await get(Number(port), "/sw.js");
    assert.equal(`${body}`, readFileSync(new URL(`../../${worker}`, import.meta.url), "utf8"));
  });
}

test("A checkout has the same bytes where Git is set to write CRLF", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "checkout-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const git = (/** @type {string[]} */ ...words) =>
    execFileSync("git", ["-c", "core.autocrlf=true", "-c", "core.safecrlf=false", ...words], { cwd: folder });
  const root = new URL("../../", import.meta.url);
  for (const name of [".gitattributes", "sw.js"]) cpSync(new URL(name, root), join(folder, name));
  git("init", "--quiet");
  git("add", ".");
  rmSync(join(folder, "sw.js"));
  git("checkout", "--quiet", "--", "sw.js");
  assert.deepEqual(readFileSync(join(folder, "sw.js")), readFileSync(new URL("sw.js", root)));
});

test("Softmax at a temperature sums to one, and small values become 0 where 32-bit floats end", () => {
  const logits = [-2, 1, 3, -5, 0, 0.5, -1, 9, 2, 1];
  for (const temperature of [0.5, 1, 40]) {
    const powers = logits.map((logit) => Math.exp(logit / temperature));
    const sum = powers.reduce((so, each) => so + each);
    softmax(logits, temperature).forEach((value, place) =>
      assert.ok(Math.abs(value * sum - powers[place]) < 1e-6 * powers[place]),
    );
  }
  assert.deepEqual(softmax([0, 103, 0], 1), [Math.fround(Math.exp(-103)), 1, Math.fround(Math.exp(-103))]);
  assert.deepEqual(softmax([0, 105, 0], 1), [0, 1, 0]);
  assert.equal(largestDerivative([0, 105, 0], 0, 1), 0);
  assert.ok(largestDerivative([0, 105, 0], 0, 40) > 1e-4);
  assert.equal(largestLossDerivative([0, 105, 0], 1, 1), 0, "the predicted class, with probability 1");
  assert.equal(largestLossDerivative([0, 105, 0], 0, 1), 1, "another class");
  assert.ok(largestLossDerivative([0, 105, 0], 1, 40) > 1e-3);
});

for (const [language, words] of Object.entries(languageFiles())) {
  test(`There are words in ${language} for everything in the registry`, () => {
    const attacks = ATTACK_IDS.flatMap((id) => {
      const { changes, output } = ATTACKS[id];
      return [
        `attack.${id}`,
        `attack.${id}.note`,
        `transport.position.${changes}`,
        `prospect.${output === null ? "random" : changes}`,
        FOOLED[changes],
        SPENT[changes],
        ...pageSettings(id).flatMap((setting) => [
          `setting.${setting.name}`,
          `notes.field.${setting.name}`,
          ...(setting.type === "choice"
            ? setting.choices.map((choice) => `${setting.name}.${choice}`)
            : [`setting.${setting.name}.summary`]),
          ...(setting.name === "budget" ? [`verdict.no-budget.${changes}`] : []),
        ]),
      ];
    });
    const experiments = OFFERED_EXPERIMENTS.flatMap((name) => [`lab.${name}.title`, `lab.${name}.about`]);
    assert.deepEqual(
      [...attacks, ...experiments].filter((key) => !(key in words) && !(`${key}.one` in words)),
      [],
    );
  });
}

test("Attacks that share a setting have the same range and default for it, and siblings name each other", () => {
  /** @type {Map<string, object>} */
  const known = new Map();
  for (const id of ATTACK_IDS) {
    for (const setting of pageSettings(id)) {
      // Attacks may offer different choices of the same setting.
      const shared = "choices" in setting ? { ...setting, choices: [] } : setting;
      assert.deepEqual(shared, known.get(setting.name) ?? shared, `${setting.name} of ${id}`);
      known.set(setting.name, shared);
      if ("page" in setting) {
        const { min, step } = setting.page;
        assert.ok(
          Math.abs(min / step - Math.round(min / step)) < 1e-9,
          `${setting.name}: the minimum is a multiple of the step`,
        );
      }
    }
    const sibling = ATTACKS[id].temperature?.sibling;
    if (sibling) assert.equal(ATTACKS[sibling].temperature?.sibling, id);
  }
});

test("A link means the same for ever, and new runs have the defaults of today", () => {
  const ofLink = (/** @type {string} */ hash) => {
    const read = parseLink(hash);
    assert.ok(read);
    return settingsOfLink(pickSettings(read.link));
  };
  assert.equal(ofLink("#v=1&sample=17&attack=cw-l2&target=3&end").c_scale, "fixed", "a link to an attack with it");
  assert.equal(ofLink("#v=1&sample=17&target=3&end").c_scale, "gradient", "a link to an attack without it");
  assert.deepEqual(settingsOfLink(pickSettings(emptyLink())), DEFAULTS, "no link");
  for (const attack of ATTACK_IDS) {
    for (const c_scale of /** @type {const} */ (["fixed", "gradient"])) {
      const settings = { ...DEFAULTS, attack, c_scale };
      const link = writeLink({ ...emptyLink(), ...settingsForLink(settings) });
      const isOwn = pageSettings(attack).some(({ name }) => name === "c_scale");
      assert.equal(link.includes("c_scale=gradient"), isOwn && c_scale === "gradient", link);
      assert.equal(ofLink(`#${link}`).c_scale, isOwn ? c_scale : "gradient", link);
    }
  }
});

test("The lab offers every experiment, and the number of features of each data set matches its shape", () => {
  assert.deepEqual([...new Set(OFFERED_EXPERIMENTS.map(kindOf))].sort(), Object.keys(EXPERIMENTS).sort());
  for (const { shape, features, classes } of Object.values(DATASETS)) {
    assert.equal(shape[0] * shape[1] * shape[2], features);
    assert.equal(shape[1], shape[2]);
    assert.equal(classes.length, 10);
  }
});

/** @param {string} kind */
const results = (kind) => JSON.parse(readFileSync(new URL(`../../results/${kind}.json`, import.meta.url), "utf8"));

test("The lab accepts every published row, and rejects rows with missing or invalid fields", () => {
  for (const kind of /** @type {(keyof typeof EXPERIMENTS)[]} */ (Object.keys(EXPERIMENTS))) {
    const rows = results(kind);
    assert.equal(parse(kind, rows).length, rows.length, kind);
    const { role, ...rest } = rows[0];
    const counts = kind === "amplitude" ? { counts: [..."0123456789"] } : { interval: "wide" };
    for (const bad of [
      rest,
      { ...rows[0], role: "admin" },
      { ...rows[0], scale: "1" },
      { ...rows[0], dataset: "__proto__" },
      { ...rows[0], ...counts },
      null,
      7,
    ]) {
      assert.deepEqual(parse(kind, [bad]), [], `${kind}: ${JSON.stringify(bad)?.slice(0, 80)}`);
    }
    assert.deepEqual(parse(kind, { length: 3 }), []);
  }
});

test("The lab shows the published rows of the same attack, for each network the one with the most attempts", () => {
  const rows = parse("success", results("success")).filter(({ dataset }) => dataset === "mnist");
  const paper = rowsOfAttack(rows, DEFAULTS);
  const of = (/** @type {string} */ model, scale = 1) =>
    paper.filter((row) => row.model === model && row.scale === scale);
  assert.deepEqual(
    of("mnist-distilled-t100").map(({ attack, attack_temperature, planned }) => [attack, attack_temperature, planned]),
    [["jsma-f", 1, 900]],
  );
  assert.deepEqual(
    of("mnist-undefended", 40).map((row) => row.attack_temperature),
    [1],
  );
  const tempered = rowsOfAttack(rows, { ...DEFAULTS, attack: "jsma-t" });
  assert.deepEqual(
    tempered
      .filter(({ model, scale }) => model === "mnist-undefended" && scale === 40)
      .map((row) => row.attack_temperature),
    [40],
  );
  const small = { ...paper[0], planned: 9 };
  assert.deepEqual(rowsOfAttack([small, paper[0], small], DEFAULTS), [paper[0]]);
  assert.deepEqual(rowsOfAttack(rows, { ...DEFAULTS, budget: 111 }), []);
  // A row that is older than the scale of c was measured with c from 1.
  const old = { ...small, attack: "cw-l2", attack_temperature: 1, confidence: 0, iterations: 200 };
  const carliniWagner = /** @type {const} */ ({ ...DEFAULTS, attack: "cw-l2" });
  assert.deepEqual(rowsOfAttack([old], { ...carliniWagner, c_scale: "fixed" }), [old]);
  assert.deepEqual(rowsOfAttack([old, { ...old, c_scale: "gradient" }], carliniWagner), [
    { ...old, c_scale: "gradient" },
  ]);
});

test("A paper's figures are shown for the attack that they are about, and for no other", () => {
  const papers = parsePaperFigures(results("paper"));
  const network = (/** @type {any[]} */ rows, /** @type {string} */ role, /** @type {number} */ temperature) =>
    rows.find((row) => row.role === role && row.temperature === temperature);
  assert.equal(network(paperRows("success", "cifar10", DEFAULTS, papers), "distilled", 20).rate, 0.1823);
  assert.equal(
    network(
      paperRows("success", "mnist", { ...DEFAULTS, attack: "not-robust", direction: "decrease" }, papers),
      "distilled",
      100,
    ).rate,
    0.964,
  );
  assert.deepEqual(
    paperRows("success", "mnist", { ...DEFAULTS, attack: "not-robust", direction: "either" }, papers),
    [],
    "no paper has figures for this direction",
  );
  assert.deepEqual(paperRows("success", "mnist", { ...DEFAULTS, direction: "decrease" }, papers), []);
  assert.deepEqual(paperRows("success", "mnist", { ...DEFAULTS, attack: "jsma-t" }, papers), []);
  assert.equal(network(paperRows("robustness", "mnist", DEFAULTS, papers), "undefended", 1).robustness, 0.0155);
  assert.equal(network(paperRows("amplitude", "cifar10", DEFAULTS, papers), "distilled", 100).below_1e_40, 0.7908);
  assert.equal(network(paperRows("fgsm", "mnist", DEFAULTS, papers), "undefended", 1).rate, 0.8803);
  assert.deepEqual(paperRows("fgsm", "mnist", { ...DEFAULTS, temper: true }, papers), []);
  const fgsm = paperRows("fgsm", "mnist", DEFAULTS, papers);
  assert.deepEqual(
    fgsm.filter(({ isBelow }) => isBelow).map(({ role, temperature }) => `${role} ${temperature}`),
    ["distilled 100"],
  );
  const all = OFFERED_EXPERIMENTS.flatMap((experiment) => paperRows(experiment, "mnist", DEFAULTS, papers));
  assert.ok(
    all.length > 0 && all.every(({ source }) => source >= 1 && source <= PAPER_KEYS.length),
    "every source is in the page's list of papers",
  );
});

test("The lab's plan takes images of all classes, has a task for each attack and network, and estimates work that grows with both", () => {
  const samples = Array.from({ length: 100 }, (_, index) => ({
    index,
    label: Math.floor(index / 10),
    pixels: new Float32Array(1),
  }));
  assert.deepEqual(
    chooseSamples(samples, 12).map(({ label }) => label),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1],
  );
  const subject = { model: parseManifest([ENTRY])[0], scale: null };
  const choice = {
    data: "mnist",
    experiment: /** @type {const} */ ("attacks"),
    subjects: [subject, { ...subject, scale: 40 }],
    settings: DEFAULTS,
    images: 2,
  };
  const tasks = tasksOf(choice);
  assert.equal(tasks.length, 2 * COMPARED_ATTACKS.length);
  assert.deepEqual(
    tasks
      .slice(0, COMPARED_ATTACKS.length)
      .flatMap(({ settings }) => (settings?.attack === "not-robust" ? [settings.direction] : [])),
    ["increase", "decrease", "either"],
  );
  assert.equal(coreSeconds({ ...choice, images: 4 }), 2 * coreSeconds(choice));
  const one = { ...choice, experiment: /** @type {const} */ ("success") };
  assert.ok(
    coreSeconds({ ...one, subjects: [subject] }) > 5 * coreSeconds({ ...one, subjects: [{ ...subject, scale: 40 }] }),
    "there is less work where the gradient vanishes",
  );
  assert.ok(coreSeconds({ ...one, data: "cifar10" }) > 3 * coreSeconds(one));
});

/** The lines of a CSV file, each as an object by column. @param {string} text @param {string} separator */
function parseCsv(text, separator) {
  assert.ok(text.endsWith("\r\n"));
  const [head, ...lines] = text
    .trimEnd()
    .split("\r\n")
    .map((line) =>
      [...line.matchAll(new RegExp(`(?:^|${separator})(?:"((?:[^"]|"")*)"|([^${separator}]*))`, "g"))].map(
        ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain,
      ),
    );
  assert.equal(new Set(head).size, head.length);
  for (const line of lines) assert.equal(line.length, head.length);
  return { head, lines: lines.map((line) => Object.fromEntries(head.map((column, place) => [column, line[place]]))) };
}

/** The values in a row of the JSON file, by column. @param {any} value @param {string} [name] @returns {[string, unknown][]} */
const leaves = (value, name = "") =>
  value !== null && typeof value === "object"
    ? Object.entries(value).flatMap(([key, each]) => leaves(each, name ? `${name}_${key}` : key))
    : value === null
      ? []
      : [[name, value]];

for (const kind of /** @type {(keyof typeof EXPERIMENTS)[]} */ (Object.keys(EXPERIMENTS)))
  for (const [separator, mark] of [
    [",", "."],
    [";", ","],
  ])
    test(`The CSV of ${kind} with decimal "${mark}" has everything that its JSON has, and no empty column`, () => {
      // As the lab writes them: the images are listed, and there is no seed and no command.
      const rows = results(kind)
        .slice(0, 40)
        .map((/** @type {any} */ row) => ({ ...row, drawn: [3, 1, 4], seed: null, command: "", partial: false }));
      const { head, lines } = parseCsv(csv(rows, mark === ","), separator);
      for (const column of head)
        assert.ok(
          lines.some((line) => line[column] !== ""),
          `${column} is always empty`,
        );
      const expected = rows.flatMap((/** @type {any} */ { cells, drawn, command, ...row }) => {
        const { attempts, already_target, successes, rate, interval, outcomes, ...shared } = row;
        return (cells ? cells.map((/** @type {object} */ cell) => ({ ...shared, ...cell })) : [row]).map(
          (/** @type {object} */ line) => ({ ...line, drawn: drawn.join(" ") }),
        );
      });
      assert.equal(lines.length, expected.length);
      expected.forEach((/** @type {object} */ row, /** @type {number} */ place) => {
        const wanted = Object.fromEntries(
          leaves(row).map(([name, value]) => [
            name,
            typeof value === "number" ? `${value}`.replace(".", mark) : `${value}`,
          ]),
        );
        assert.deepEqual(Object.fromEntries(Object.entries(lines[place]).filter(([, text]) => text !== "")), wanted);
      });
      if (kind === "pairs")
        for (const column of ["direction", "theta", "budget", "source", "target"]) assert.ok(head.includes(column));
    });

test("A row without successes makes no column of its own, and texts are quoted", () => {
  const rows = [{ rate: -0.5, interval_of_successes: null, engine: 'a "b", c', date: "=1" }];
  assert.equal(
    csv(rows),
    'rate,interval_of_successes_0,interval_of_successes_1,engine,date\r\n-0.5,,,"a ""b"", c",\'=1\r\n',
  );
  assert.equal(csv(rows, true).split("\r\n")[1], '-0,5;;;"a ""b"", c";\'=1');
});
