/**
 * Random links, files, messages and calls give a value in range or an error with a name. None of them causes a hang or
 * a trap, or executes anything. This takes a few seconds; `npm run fuzz` runs `FUZZ` times as long. Inputs that once
 * caused an error are in `tests/corpus/` and are tried first.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, test } from "node:test";
import { deflateRawSync, deflateSync, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { ATTACKS } from "../../pkg/registry.js";
import { inflate } from "../../www/codecs/inflate.js";
import { decodePng } from "../../www/codecs/png.js";
import { ATTACK_IDS, CHOICES, DEFAULTS } from "../../www/domain/settings.js";
import { parseManifest } from "../../www/engine/manifest.js";
import { readHeader } from "../../www/input/image-header.js";
import { EXPERIMENTS } from "../../www/lab/plan.js";
import { parse as parsePublished, rowsOfAttack } from "../../www/lab/published.js";
import { paperRows } from "../../www/lab/reported.js";
import { LANGUAGES } from "../../www/languages/index.js";
import { emptyLink, parseLink, writeLink } from "../../www/link/link.js";
import { readStrokes, writeStrokes } from "../../www/link/strokes.js";
import { parsePaperFigures } from "../../www/page/paper-figures.js";
import { parseEmbedOptions } from "../../www/share/embedded-page.js";
import { ENTRY } from "./fake-site.mjs";

/**
 * All message ports, because Node does not exit while a port has a listener.
 *
 * @type {import("node:worker_threads").MessagePort[]}
 */
const ports = [];
globalThis.MessageChannel = class extends MessageChannel {
  constructor() {
    super();
    ports.push(/** @type {any} */ (this.port1), /** @type {any} */ (this.port2));
  }
};
const { serve } = await import("../../www/engine/engine-core.js");
const { serveExperiment } = await import("../../www/pool/core.js");
after(() => ports.forEach((port) => port.unref()));

const CORPUS = new URL("../corpus/", import.meta.url);
/** How many times as many runs as in `npm test`. */
const TIMES = Number(process.env.FUZZ ?? 1);

/** @param {number} runs @returns {fc.Parameters<any>} */
const often = (runs) => ({ numRuns: runs * TIMES, ...(process.env.FUZZ ? {} : { seed: 1511 }) });

/** @param {string} path */
const read = (path) => new Uint8Array(readFileSync(new URL(path, import.meta.url)));

/**
 * A copy of a file with a few changed bytes; some copies are cut and get other bytes at the end.
 *
 * @param {Uint8Array[]} originals
 */
const damaged = (originals) =>
  fc
    .tuple(
      fc.constantFrom(...originals),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }),
      fc.nat(),
      fc.uint8Array({ maxLength: 30 }),
    )
    .map(([original, changes, end, rest]) => {
      const bytes = original.slice();
      for (const [place, value] of changes) bytes[place % Math.max(1, bytes.length)] = value;
      return end % 3 === 0 ? Uint8Array.of(...bytes.subarray(0, end % (bytes.length + 1)), ...rest) : bytes;
    });

const LINKS = JSON.parse(readFileSync(new URL("links.golden.json", import.meta.url), "utf8")).map(
  (/** @type {{ link: string }} */ { link }) => link,
);
const NAMES = [...Object.keys(emptyLink()), "v", "end", "__proto__", "constructor"];

/** @param {string} text */
function survivesRewriting(text) {
  const link = parseLink(text);
  if (!link) return;
  const written = writeLink(link.link);
  assert.match(written, /^[A-Za-z0-9._=&-]*$/);
  assert.deepEqual(parseLink(`#${written}`)?.dropped, []);
  assert.deepEqual(parseLink(`#${written}`)?.link, link.link);
}

test("Any text is read as a link in range, which is the same after it is written and read again", () => {
  for (const line of readFileSync(new URL("links.txt", CORPUS), "utf8").split("\n")) survivesRewriting(line);
  const field = fc
    .tuple(
      fc.constantFrom(...NAMES),
      fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.double().map(String), fc.base64String()),
    )
    .map((pair) => pair.join("="));
  const made = fc.array(field, { maxLength: 12 }).map((fields) => `#v=1&${fields.join("&")}`);
  const changed = fc
    .tuple(fc.constantFrom(...LINKS), fc.nat(), fc.nat(4), fc.string())
    .map(([link, place, cut, text]) => {
      const at = place % link.length;
      return link.slice(0, at) + text + link.slice(at + cut);
    });
  fc.assert(fc.property(fc.oneof(made, changed, fc.string()), survivesRewriting), often(1500));
});

/** A link as the page writes it, with the networks' hashes. */
const writtenLink = fc
  .record({
    attack: fc.constantFrom(...ATTACK_IDS),
    sample: fc.option(fc.nat(9999)),
    target: fc.nat(9),
    step: fc.option(fc.nat(300)),
    story: fc.nat(6),
    show: fc.constantFrom(...CHOICES.overlay),
    theme: fc.option(fc.constantFrom(...CHOICES.theme)),
    strokes: fc.option(
      fc.array(
        fc
          .array(fc.tuple(fc.nat(255), fc.nat(255)), { minLength: 1, maxLength: 300 })
          .map((points) => Uint8Array.from(points.flat())),
        { minLength: 1, maxLength: 4 },
      ),
    ),
    temperature: fc.constantFrom(1, 2, 40, 100),
    hash: fc.nat(0xffffffff),
  })
  .map(({ temperature, hash, sample, strokes, ...fields }) => {
    /** @type {import("../../www/domain/networks.js").NetworkName} */
    const right = { role: "distilled", temperature, hash: hash.toString(16).padStart(8, "0") };
    const left = { ...right, role: /** @type {const} */ ("undefended") };
    const picture = strokes ? { strokes } : { sample };
    return writeLink({ ...emptyLink(), ...fields, ...picture, left, right });
  });

/** A text without a character of a link or of its encodings, also after normalisation. */
const foreign = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 3 })
  .filter((text) => !/[\w.=&#?;%+-]/.test(text.normalize("NFKC").replace(/[\u2010\u2212]/g, "-")));

/** What a program may do to a link. The number from 0 to 1 says where. @type {fc.Arbitrary<(link: string) => string>} */
const mangling = fc.oneof(
  fc
    .tuple(foreign, fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([piece, share]) => (/** @type {string} */ link) => {
      const at = Math.floor(share * link.length);
      return link.slice(0, at) + piece + link.slice(at);
    }),
  fc.double({ min: 0, max: 1, noNaN: true }).map((share) => (/** @type {string} */ link) => {
    return link.slice(0, Math.floor(share * link.length));
  }),
  fc.double({ min: 0, max: 1, noNaN: true }).map((share) => (/** @type {string} */ link) => {
    return `${link.slice(0, Math.floor(share * link.length))}…`;
  }),
  fc.constantFrom(
    (/** @type {string} */ link) => link.toUpperCase(),
    (/** @type {string} */ link) => link.toLowerCase(),
    (/** @type {string} */ link) => encodeURIComponent(link),
    (/** @type {string} */ link) => link.replaceAll("&", "&amp;"),
    (/** @type {string} */ link) => link.replaceAll("&", "%26"),
    (/** @type {string} */ link) => link.replaceAll("=", "%3D"),
    (/** @type {string} */ link) => link.replace(/(.{76})/g, "$1\r\n"),
    (/** @type {string} */ link) => `"${link}"`,
    (/** @type {string} */ link) => `#${link}`,
    (/** @type {string} */ link) => `https://example.org/?a=1#${link}`,
    (/** @type {string} */ link) => `${link}&utm_source=chat`,
    (/** @type {string} */ link) => `${link}?fbclid=Iw0`,
    (/** @type {string} */ link) => `${link}#${link}`,
    (/** @type {string} */ link) => link.replace(/^v=1&?/, ""),
    (/** @type {string} */ link) => link.slice(1),
  ),
);

test("A mangled link is read as it was written, or what was lost is said", () => {
  fc.assert(
    fc.property(writtenLink, fc.array(mangling, { minLength: 1, maxLength: 3 }), (link, manglings) => {
      const mangled = manglings.reduce((text, mangle) => mangle(text), link);
      const read = parseLink(`#${mangled}`);
      // The page says that an address is no link, unless there is nothing behind its `#`.
      if (!read || read.dropped.length + read.unknown.length > 0) return;
      assert.deepEqual(read.link, parseLink(link)?.link, mangled);
    }),
    often(3000),
  );
});

test("Any query is read as valid flags of a frame", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc
          .array(fc.tuple(fc.constantFrom("embed", "lang", "theme", "load", "story", "autoplay"), fc.string()))
          .map((pairs) => `?embed=1&${pairs.map((pair) => pair.join("=")).join("&")}`),
      ),
      (text) => {
        const flags = parseEmbedOptions(text);
        assert.ok(
          flags === null
            || ([null, ...Object.keys(LANGUAGES)].includes(flags.lang)
              && [null, "light", "dark"].includes(flags.theme)
              && ["near", "click", "now"].includes(flags.load)),
        );
      },
    ),
    often(2000),
  );
});

test("Any text is read as strokes within their limits, and any strokes are read as they were written", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String({ maxLength: 4000 })), (text) => {
      const { strokes } = readStrokes(text);
      assert.ok(strokes.length <= 256 && strokes.every(({ length }) => length > 0 && length % 2 === 0));
    }),
    often(2000),
  );
  const stroke = fc
    .array(fc.tuple(fc.nat(255), fc.nat(255)), { minLength: 1, maxLength: 200 })
    .map((points) => Uint8Array.from(points.flat()));
  fc.assert(
    fc.property(fc.array(stroke, { maxLength: 20 }), (strokes) =>
      assert.deepEqual(readStrokes(writeStrokes(strokes)), { strokes, whole: true }),
    ),
    often(300),
  );
});

test("Deflate unpacks the same bytes as zlib, and rejects damaged data", () => {
  const packed = fc
    .tuple(
      fc.oneof(
        fc.uint8Array({ maxLength: 600 }),
        fc
          .tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.nat(60))
          .map(([piece, times]) =>
            Uint8Array.from({ length: piece.length * times }, (_, place) => piece[place % piece.length]),
          ),
      ),
      fc.constantFrom(0, 1, 6, 9),
    )
    .map(([bytes, level]) => ({ bytes, file: new Uint8Array(deflateRawSync(bytes, { level })) }));
  fc.assert(
    fc.property(packed, ({ bytes, file }) => assert.deepEqual(inflate(file, bytes.length), bytes)),
    often(400),
  );
  fc.assert(
    fc.property(
      packed.chain(({ bytes, file }) => fc.tuple(damaged([file]), fc.constant(bytes.length))),
      ([file, length]) => {
        const unpacked = inflate(file, length);
        if (!unpacked) return;
        assert.deepEqual(unpacked, new Uint8Array(inflateRawSync(file)));
      },
    ),
    often(4000),
  );
});

const PICTURES = [
  ...readdirSync(new URL("files/", CORPUS))
    .filter((name) => name.endsWith(".png"))
    .map((name) => read(`../corpus/files/${name}`)),
];
const SHEET = read("../../www/samples/mnist.png");

test("The header of any file gives a size or null", () => {
  const starts = [
    [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10],
    [0xff, 0xd8, 0xff],
    [...Buffer.from("GIF89a")],
    [...Buffer.from("RIFF\0\0\0\0WEBPVP8X")],
    [],
  ].map((start) => Uint8Array.from(start));
  fc.assert(
    fc.property(
      fc.oneof(
        fc
          .tuple(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 200 }))
          .map(([start, rest]) => Uint8Array.of(...start, ...rest)),
        damaged([...PICTURES.filter(({ length }) => length < 2000), SHEET.slice(0, 400)]),
      ),
      (file) => {
        const header = readHeader(file);
        assert.ok(
          header === null
            || (Number.isInteger(header.width)
              && Number.isInteger(header.height)
              && typeof header.isAnimated === "boolean"),
        );
      },
    ),
    often(4000),
  );
});

test("Any PNG is decoded to as many pixels as its size says, or rejected with an error", async () => {
  /** @param {Uint8Array} file */
  const decoded = async (file) => {
    try {
      const { width, height, channels, pixels } = await decodePng(Uint8Array.from(file));
      assert.equal(pixels.length, width * height * channels);
      return true;
    } catch (error) {
      assert.ok(error instanceof Error && !(error instanceof assert.AssertionError), String(error));
      return false;
    }
  };
  assert.ok(await decoded(SHEET));
  for (const picture of PICTURES) assert.equal(await decoded(picture), false);
  await fc.assert(
    fc.asyncProperty(
      damaged([...PICTURES.filter(({ length }) => length < 2000), tiny()]),
      async (file) => void (await decoded(file)),
    ),
    often(300),
  );
});

/** A PNG of 2 × 2 pixels. */
function tiny() {
  const chunk = (/** @type {string} */ name, /** @type {Uint8Array} */ data) => [
    0,
    0,
    0,
    data.length,
    ...Buffer.from(name),
    ...data,
    0,
    0,
    0,
    0,
  ];
  return Uint8Array.of(
    0x89,
    0x50,
    0x4e,
    0x47,
    13,
    10,
    26,
    10,
    ...chunk("IHDR", Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 2, 8, 0, 0, 0, 0)),
    ...chunk("IDAT", deflateSync(Uint8Array.of(0, 1, 2, 1, 3, 4))),
    ...chunk("IEND", new Uint8Array()),
  );
}

test("Any manifest gives entries in range or a ModelError", () => {
  const values = fc.oneof(
    fc.anything(),
    fc.constantFrom(
      "",
      "..",
      "../x",
      "a/b",
      "https://x",
      "x".repeat(2000),
      -1,
      0,
      1.5,
      NaN,
      Infinity,
      2 ** 60,
      null,
      "__proto__",
    ),
  );
  const entry = fc
    .tuple(fc.constantFrom(...Object.keys(ENTRY)), values)
    .map(([field, value]) => ({ ...ENTRY, [field]: value }));
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.array(fc.anything()), fc.array(entry, { maxLength: 3 })), (manifest) => {
      try {
        for (const { id, file, bytes, sha256 } of parseManifest(manifest)) {
          assert.ok(
            /^[\w.-]{1,100}$/.test(file)
              && !file.startsWith(".")
              && id.length <= 64
              && bytes > 0
              && bytes <= 2 ** 24
              && sha256.length === 64,
          );
        }
      } catch (error) {
        assert.equal(/** @type {Error} */ (error).name, "ModelError", String(error));
      }
    }),
    often(3000),
  );
});

test("Any JSON of results gives rows with numbers, or none", () => {
  const row = fc.record({
    dataset: fc.constant("mnist"),
    role: fc.constantFrom("undefended", "scaled"),
    theta: fc.constant(1),
    budget: fc.constant(112),
    rate: fc.oneof(fc.double(), fc.anything()),
    interval: fc.oneof(fc.constant([0, 1]), fc.anything()),
    attempts: fc.nat(),
    temperature: fc.oneof(fc.constant(1), fc.anything()),
    scale: fc.constant(1),
    attack_temperature: fc.anything(),
    model: fc.string(),
    attack: fc.constant("jsma-f"),
    direction: fc.constant("increase"),
    successes: fc.nat(),
    planned: fc.nat(),
    outcomes: fc.constant({ fooled: 1, budget_spent: 0, no_admissible_pair: 0, gradient_vanished: 0 }),
    distortion_successes: fc.constant(null),
  });
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.array(row)), (value) => {
      const rows = parsePublished("success", value);
      for (const { rate, interval } of rows) assert.ok([rate, ...interval].every(Number.isFinite));
      assert.ok(rowsOfAttack(rows, DEFAULTS).length <= rows.length);
    }),
    often(2000),
  );
});

test("Any JSON of papers' figures gives rows with numbers, or none", () => {
  const groups = fc.record({
    source: fc.oneof(fc.constant("arXiv:1511.04508"), fc.anything()),
    figures: fc.oneof(
      fc.dictionary(fc.constantFrom("undefended 1", "distilled 20", "x"), fc.oneof(fc.double(), fc.anything())),
      fc.anything(),
    ),
    upper_bounds: fc.oneof(fc.constant(undefined), fc.anything()),
  });
  const byData = (/** @type {fc.Arbitrary<any>} */ value) =>
    fc.oneof(
      fc.dictionary(fc.constantFrom("mnist", "cifar10", "__proto__"), fc.oneof(value, fc.anything())),
      fc.anything(),
    );
  const byAttack = byData(fc.dictionary(fc.constantFrom(...Object.keys(ATTACKS)), groups));
  const file = fc.record({
    success: byAttack,
    size: byAttack,
    robustness: byData(groups),
    amplitude: byData(groups),
    fgsm: byData(groups),
  });
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), file), (value) => {
      const papers = parsePaperFigures(value);
      for (const experiment of EXPERIMENTS) {
        for (const { rate = 0, robustness = 0, below_1e_40: below = 0 } of paperRows(
          experiment,
          "mnist",
          DEFAULTS,
          papers,
        ))
          assert.ok([rate, robustness, below].every(Number.isFinite));
      }
    }),
    often(1000),
  );
});

const MESSAGES = JSON.parse(readFileSync(new URL("messages.json", CORPUS), "utf8"));

for (const [worker, start] of Object.entries({
  "the engine's worker": serve,
  "a worker of the pool": serveExperiment,
})) {
  test(`Any messages to ${worker} get valid answers`, async () => {
    const call = fc.record({
      id: fc.oneof(fc.nat(), fc.anything()),
      method: fc.oneof(
        fc.constantFrom(
          "load",
          "plan",
          "attack",
          "classify",
          "rasterize",
          "rows",
          "work",
          "hold",
          "check",
          "constructor",
          "__proto__",
          "toString",
        ),
        fc.anything(),
      ),
      argument: fc.anything(),
    });
    const message = fc.oneof(
      fc.anything(),
      call,
      fc.record({ abort: fc.anything() }),
      fc.record({ event: fc.anything() }),
      fc.constantFrom(...MESSAGES),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 8 }), async (messages) => {
        /** @type {any[]} */
        const answers = [];
        /** @type {import("../../www/engine/protocol.js").Port} */
        const port = { postMessage: (answer) => answers.push(answer), onmessage: null };
        start(port);
        for (const data of messages) await /** @type {any} */ (port.onmessage)?.({ data });
        for (const answer of answers.slice(1))
          assert.ok(
            "pong" in answer || typeof answer.error?.message === "string" || "value" in answer,
            JSON.stringify(answer),
          );
      }),
      often(300),
    );
  });
}

test("Any call of the wasm module gives a value or an error with a name, and the module still works afterwards", async () => {
  const glue = await import("../../pkg/cpu/engine.js");
  await glue.default({ module_or_path: readFileSync(new URL("../../pkg/cpu/engine_bg.wasm", import.meta.url)) });
  const engine = await glue.Engine.open();
  const entry = JSON.parse(readFileSync(new URL("../../www/models/manifest.json", import.meta.url), "utf8")).find(
    (/** @type {any} */ { id }) => id === "mnist-undefended",
  );
  const weights = read(`../../www/models/${entry.file}`);
  engine.load(entry, weights);
  const { label } = await engine.classify(entry.id, new Float32Array(784));

  const number = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.constantFrom(-1, 0, 1, 2 ** 32, 2 ** 53, -(2 ** 31), NaN, Infinity, 1e-40),
    fc.anything(),
  );
  const floats = fc.oneof(
    fc
      .constantFrom(0, 1, 783, 784, 785, 1568)
      .chain((length) => fc.float().map((value) => new Float32Array(length).fill(value))),
    fc.anything(),
  );
  const settings = fc.dictionary(
    fc.constantFrom(
      ...new Set(Object.values(ATTACKS).flatMap(({ settings }) => settings.map(({ name }) => name))),
      "scale",
      "untargeted",
      "model",
      "resumed",
      "attack",
    ),
    number,
  );
  const request = fc
    .tuple(
      settings,
      fc.constantFrom(...Object.keys(ATTACKS)),
      floats,
      fc.oneof(fc.uint8Array({ maxLength: 3 }), fc.anything()),
    )
    .map(([settings, attack, images, targets]) => ({
      model: entry.id,
      attack,
      direction: "increase",
      theta: 1,
      budget: 4,
      epsilon: 0.1,
      images,
      targets,
      ...settings,
    }));
  const experiment = fc
    .tuple(
      fc.constantFrom("success", "amplitude", "transfer", "pairs", "x"),
      fc.oneof(fc.array(request, { maxLength: 3 }), fc.anything()),
      floats,
      fc.oneof(fc.uint8Array({ maxLength: 3 }), fc.anything()),
      fc.anything(),
    )
    .map(([experiment, tasks, images, labels, source]) => ({ experiment, tasks, images, labels, source }));
  /** @type {fc.Arbitrary<() => unknown>} */
  const call = fc.oneof(
    fc
      .tuple(
        fc.oneof(
          fc.anything(),
          fc
            .tuple(fc.constantFrom(...Object.keys(entry)), fc.anything())
            .map(([field, value]) => ({ ...entry, [field]: value })),
        ),
        fc.oneof(fc.uint8Array({ maxLength: 50 }), fc.constant(weights.slice(0, 5000))),
      )
      .map(
        ([entry, bytes]) =>
          () =>
            engine.load(/** @type {any} */ (entry), bytes),
      ),
    fc
      .tuple(
        fc.string(),
        floats.filter((value) => value instanceof Float32Array),
        fc.double(),
      )
      .map(
        ([model, image, scale]) =>
          () =>
            engine.classify(model, /** @type {Float32Array} */ (image), scale),
      ),
    fc
      .tuple(
        floats.filter((value) => value instanceof Float32Array),
        fc.double(),
      )
      .map(
        ([image, scale]) =>
          () =>
            engine.classify(entry.id, /** @type {Float32Array} */ (image), scale),
      ),
    fc.oneof(request, fc.anything()).map((request) => async () => {
      const run = engine.start(/** @type {any} */ (request));
      await run.step();
      run.free();
    }),
    fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }).map((strokes) => () => glue.rasterize(strokes)),
    fc
      .tuple(fc.oneof(experiment, fc.anything()), number, fc.anything(), fc.anything())
      .map(([request, size, chunk, records]) => async () => {
        const planned = engine.experiment(/** @type {any} */ (request));
        planned.chunks(/** @type {any} */ (size));
        await Promise.allSettled([
          (async () => planned.start(/** @type {any} */ (chunk)))(),
          (async () => planned.rows(/** @type {any} */ (records)))(),
        ]).then((settled) => {
          for (const each of settled) if (each.status === "rejected") throw each.reason;
        });
      }),
  );
  await fc.assert(
    fc.asyncProperty(call, async (call) => {
      try {
        await call();
      } catch (error) {
        assert.ok(error instanceof Error, String(error));
        assert.ok(["RequestError", "ImageError", "ModelError"].includes(error.name), `${error.stack}`);
      }
    }),
    often(250),
  );
  assert.equal((await engine.classify(entry.id, new Float32Array(784))).label, label);
});
