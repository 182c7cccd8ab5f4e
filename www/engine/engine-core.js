/** What the engine answers, by running the wasm module. */
import { findAdapter } from "./adapter.js";
import { fetchBytes, fetchJson } from "./fetch.js";
import { fetchModels } from "./manifest.js";
import { failure, toPlain } from "./protocol.js";
import { serveMethods } from "./serve.js";
import { shared } from "./shared.js";

/**
 * @typedef {import("./serve.js").Listener} Listener
 * @typedef {import("./serve.js").Methods} Methods
 */

/**
 * One source, built with two sets of features. Each file is named in full: bundlers copy what a `new URL`
 * names literally, and nothing else.
 *
 * @type {Record<import("./protocol.js").Backend, { about: URL, script: URL, module: URL }>}
 */
const BUILDS = {
  cpu: {
    about: new URL("../../pkg/cpu/build.json", import.meta.url),
    script: new URL("../../pkg/cpu/engine.js", import.meta.url),
    module: new URL("../../pkg/cpu/engine_bg.wasm", import.meta.url),
  },
  webgpu: {
    about: new URL("../../pkg/webgpu/build.json", import.meta.url),
    script: new URL("../../pkg/webgpu/engine.js", import.meta.url),
    module: new URL("../../pkg/webgpu/engine_bg.wasm", import.meta.url),
  },
};
/** The longest message of a fault, which may quote a whole shader. */
const MOST_LETTERS = 500;
const MAX_MODULE = 16 * 1024 * 1024;

/** @param {import("./protocol.js").Port} port */
export const serve = (port) => serveMethods(port, makeMethods);

/** @param {(error: Error) => void} onLost @returns {Methods} */
function makeMethods(onLost) {
  /** @type {typeof import("../../pkg/cpu/engine.js")} */
  let glue;
  /** @type {import("../../pkg/cpu/engine.js").Engine} */
  let engine;
  /** @type {() => void} */
  let isOpen;
  /** Networks are fetched before that, while the module is on its way and compiled. @type {Promise<void>} */
  const opened = new Promise((resolve) => {
    isOpen = resolve;
  });
  /**
   * One engine for each port, however often it is asked for.
   *
   * @type {ReturnType<typeof shared<{ implementation: string, version: string }>> | null}
   */
  let opening = null;
  /** @type {Map<string, (listener: Listener) => Promise<unknown>>} */
  const loads = new Map();
  const models = shared(({ signal }) => fetchModels(signal));

  return {
    open(which, listener) {
      opening ??= shared((all) => open(which, all));
      return opening(listener);
    },

    /** Throws what the device has reported as wrong, if anything. */
    check: () => trusted(engine, true),

    models: (_, listener) => models(listener),

    load(id, listener) {
      if (!loads.has(id)) loads.set(id, shared(loader(id)));
      return loads.get(id)?.(listener);
    },

    rasterize: async (strokes) => (await guarded(() => glue.rasterize(coordinates(strokes)))) ?? null,

    classify: async ({ model, scale, image } = {}) =>
      trusted(engine, await guarded(() => engine.classify(name(model), pixels(image), scale))),

    async attack({ image, target, ...settings } = {}, { signal, emit }) {
      // It travels as a byte, which would wrap.
      if (!Number.isInteger(target) || target < 0 || target > 9) {
        throw failure("RequestError", "The target must be a class from 0 to 9.");
      }
      const run = await guarded(() =>
        engine.start({ ...settings, images: pixels(image), targets: Uint8Array.of(target) }),
      );
      try {
        for (;;) {
          await turn();
          if (signal.aborted) return "cancelled";
          const [step] = trusted(engine, await guarded(() => run.step()));
          emit(step);
          if (step.outcome) return step.outcome;
        }
      } finally {
        run.free();
      }
    },
  };

  /** @param {{ backend: import("./protocol.js").Backend, software?: boolean }} which @param {Listener} listener */
  async function open({ backend, software = false }, listener) {
    const adapter = backend === "webgpu" ? await findAdapter(software) : null;
    const { script, fetchModule } = await findBuild(backend, listener);
    ({ glue, engine } = await startEngine(script, fetchModule(), onLost));
    isOpen();
    const { implementation, version } = engine.info();
    return { implementation: adapter ? `${implementation}, ${adapter}` : implementation, version };
  }

  /** @param {string} id */
  function loader(id) {
    return async (/** @type {Listener} */ { signal, emit }) => {
      const entries = await models({ signal, emit: () => {} });
      const entry = entries.find((candidate) => candidate.id === id);
      if (!entry)
        throw failure(
          "RequestError",
          `There is no model "${id}". There are: ${entries.map((each) => each.id).join(", ")}.`,
        );
      const url = weightsOf(entry);
      const onProgress = (/** @type {number} */ loaded) => emit({ part: id, loaded, total: entry.bytes });
      await pastDamage(async (cache) => {
        const bytes = await fetchBytes(url, entry.bytes, { signal, cache, onProgress });
        await opened;
        await guarded(() => engine.load(entry, bytes));
      });
      return entry;
    };
  }
}

/** Where a network's weights are. @param {import("./protocol.js").ManifestEntry} entry */
const weightsOf = ({ file, sha256 }) => versioned(new URL(`../models/${file}`, import.meta.url), sha256);

/**
 * Where the engine's script is, and how its module is fetched. `build.json` is asked for first: it
 * says how large the module is and which version belongs to it, so that files of two releases are
 * never mixed.
 *
 * @param {import("./protocol.js").Backend} backend
 * @param {Listener} listener
 */
export async function findBuild(backend, { signal, emit }) {
  const { about, script, module } = BUILDS[backend];
  const { bytes: size, sha256 } = parseBuild(await fetchJson(about, { signal }));
  const onProgress = (/** @type {number} */ loaded) => emit({ part: "engine", loaded, total: size });
  return {
    script: versioned(script, sha256).href,
    fetchModule: () =>
      fetchIntact("The engine", versioned(module, sha256), { bytes: size, sha256 }, { signal, onProgress }),
  };
}

/** The file of a network's weights, checked. @param {import("./protocol.js").ManifestEntry} entry */
export const fetchWeights = (entry) => fetchIntact(entry.file, weightsOf(entry), entry);

/**
 * Fetches a file whose size and SHA-256 are known.
 *
 * @param {string} name What an error calls it.
 * @param {URL} url
 * @param {{ bytes: number, sha256: string }} expected
 * @param {{ signal?: AbortSignal, onProgress?: (loaded: number) => void }} [options]
 */
const fetchIntact = (name, url, { bytes: size, sha256 }, options) =>
  pastDamage(async (cache) => {
    const bytes = await fetchBytes(url, size, { ...options, cache });
    if (await isIntact(bytes, sha256)) return bytes;
    throw failure("IntegrityError", `${name} is damaged: its SHA-256 does not match. Please retry.`);
  });

/**
 * Starts the wasm module of a build, and an engine in it.
 *
 * @param {string} script
 * @param {WebAssembly.Module | Promise<Uint8Array>} module
 * @param {(error: Error) => void} onLost
 */
export async function startEngine(script, module, onLost) {
  const glue = await instantiate(script, module);
  const engine = await guarded(() => glue.Engine.open());
  void engine.lost().then((reason) => onLost(failure("EngineError", `The graphics processor was lost (${reason}).`)));
  return { glue, engine };
}

/**
 * @param {string} script
 * @param {WebAssembly.Module | Promise<Uint8Array>} module
 * @returns {Promise<typeof import("../../pkg/cpu/engine.js")>}
 */
async function instantiate(script, module) {
  const [glue, module_or_path] = await Promise.all([
    // At an address with the version in it, which a literal import could not have. Bundlers leave it as it is.
    import(/* @vite-ignore */ /* webpackIgnore: true */ script).catch(() => {
      throw failure("NetworkError", "The engine's script could not be fetched. Check the connection and retry.");
    }),
    module,
  ]);
  try {
    await glue.default({ module_or_path });
  } catch (error) {
    const { message } = toPlain(error);
    throw failure(
      "EngineError",
      `The engine could not be started (${message}). It needs a browser with WebAssembly and SIMD.`,
    );
  }
  return glue;
}

/**
 * A result, unless the device has reported an error that it may be due to.
 *
 * @template Value
 * @param {import("../../pkg/cpu/engine.js").Engine} engine
 * @param {Value} result
 */
export function trusted(engine, result) {
  const fault = engine.fault();
  if (fault) throw failure("Fault", fault.slice(0, MOST_LETTERS));
  return result;
}

/**
 * Does the work with what the browser's cache holds; if that is damaged, once more with a fresh copy, since
 * otherwise every retry would find the damaged one.
 *
 * @template Value
 * @param {(cache: RequestCache) => Promise<Value>} work
 */
async function pastDamage(work) {
  try {
    return await work("default");
  } catch (error) {
    if (["IntegrityError", "ModelError"].includes(toPlain(error).name)) return work("reload");
    throw error;
  }
}

/** @param {any} build */
function parseBuild(build) {
  const { bytes, sha256 } = build?.wasm ?? {};
  if (Number.isInteger(bytes) && bytes > 0 && bytes <= MAX_MODULE && /^[0-9a-f]{64}$/.test(sha256))
    return { bytes, sha256 };
  throw failure("IntegrityError", "The description of the engine, build.json, is damaged. Please retry.");
}

/**
 * Browsers offer hashing to pages from https and localhost only; elsewhere the length and the
 * module's own validation must do.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {string} sha256
 */
async function isIntact(bytes, sha256) {
  if (!crypto.subtle) return true;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") === sha256;
}

/**
 * An address that changes with the content, so that no cache gives an old file for a new one.
 *
 * @param {URL} url
 * @param {string} sha256
 */
function versioned(url, sha256) {
  const address = new URL(url);
  address.search = sha256.slice(0, 16);
  return address;
}

/**
 * The module takes a text for granted, and reads beyond its memory where it is given something else.
 *
 * @param {unknown} model
 */
function name(model) {
  if (typeof model === "string") return model;
  throw failure("RequestError", "The model must be the id of a published network.");
}

/** @param {unknown} strokes */
function coordinates(strokes) {
  if (Array.isArray(strokes) && strokes.every((stroke) => stroke instanceof Uint8Array)) return strokes;
  throw failure("ImageError", "A drawing must be a list of strokes, each a Uint8Array of coordinates.");
}

/** @param {unknown} image */
function pixels(image) {
  if (image instanceof Float32Array) return image;
  throw failure("ImageError", "The image must be a Float32Array of pixels from 0 to 1.");
}

/**
 * After a trap the module's memory cannot be relied on, and no retry within it can help.
 *
 * @template Value
 * @param {() => Value | Promise<Value>} work
 */
export async function guarded(work) {
  try {
    return await work();
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
      throw failure("EngineError", `The engine stopped unexpectedly (${error.message}).`);
    }
    throw error;
  }
}

/**
 * Resolves in a task of its own, in the order of the calls: messages such as a cancellation are
 * read first, the page can draw, and attacks that run at the same time alternate step by step.
 * (A timer would wait for at least 4 ms, which is longer than many a step.)
 */
export const turn = (() => {
  const { port1, port2 } = new MessageChannel();
  /** @type {(() => void)[]} */
  const waiting = [];
  port1.onmessage = () => waiting.shift()?.();
  return () =>
    new Promise((/** @type {(value: void) => void} */ resolve) => {
      waiting.push(resolve);
      port2.postMessage(null);
    });
})();
