/** The engine's methods: fetches the wasm module and the networks, and runs them. */
import { findAdapter, withDevice } from "./adapter.js";
import { fetchBytes, fetchJson } from "./fetch.js";
import { fetchModels } from "./manifest.js";
import { failure, toPlain } from "./protocol.js";
import { serveMethods } from "./serve.js";
import { shared } from "./shared.js";

/**
 * @typedef {import("./serve.js").Caller} Caller
 * @typedef {import("./serve.js").Methods} Methods
 */

/**
 * The two builds of the crate, with different features. Each address is a literal, because bundlers only copy files
 * that a literal `new URL` names.
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
/** Longer messages of a fault are cut to this length. They may quote a whole shader. */
const MAX_MESSAGE_LENGTH = 500;
const MAX_MODULE_BYTES = 16 * 1024 * 1024;

/** @param {import("./protocol.js").Port} port */
export const serve = (port) => serveMethods(port, makeMethods);

/** @param {(error: Error) => void} onLost @returns {Methods} */
function makeMethods(onLost) {
  /** @type {typeof import("../../pkg/cpu/engine.js")} */
  let glue;
  /** @type {import("../../pkg/cpu/engine.js").Engine} */
  let engine;
  /** @type {() => void} */
  let resolveOpened;
  /**
   * Resolves when the engine is open. Networks are fetched before that, while the module is fetched and compiled.
   *
   * @type {Promise<void>}
   */
  const opened = new Promise((resolve) => {
    resolveOpened = resolve;
  });
  /**
   * Each port has one engine. Later calls of `open` wait for the same one.
   *
   * @type {ReturnType<typeof shared<{ implementation: string, version: string }>> | null}
   */
  let opening = null;
  /** @type {Map<string, (caller: Caller) => Promise<unknown>>} */
  const loads = new Map();
  const models = shared(({ signal }) => fetchModels(signal));

  return {
    open(which, caller) {
      opening ??= shared((callers) => open(which, callers));
      return opening(caller);
    },

    /** Throws a Fault if the device has reported an error. */
    check: () => checkFault(engine, true),

    models: (_, caller) => models(caller),

    load(id, caller) {
      if (!loads.has(id)) loads.set(id, shared(loader(id)));
      return loads.get(id)?.(caller);
    },

    rasterize: async (strokes) => (await guarded(() => glue.rasterize(checkedStrokes(strokes)))) ?? null,

    classify: async ({ model, scale, image } = {}) =>
      checkFault(engine, await guarded(() => engine.classify(checkedModel(model), checkedImage(image), scale))),

    async attack({ image, target, ...settings } = {}, { signal, emit }) {
      // The target is passed to wasm as a byte, so other numbers would wrap around.
      if (!Number.isInteger(target) || target < 0 || target > 9) {
        throw failure("RequestError", "The target must be a class from 0 to 9.");
      }
      const run = await guarded(() =>
        engine.start({ ...settings, images: checkedImage(image), targets: Uint8Array.of(target) }),
      );
      try {
        for (;;) {
          await nextTask();
          if (signal.aborted) return "cancelled";
          const [step] = checkFault(engine, await guarded(() => run.step()));
          emit(step);
          if (step.outcome) return step.outcome;
        }
      } finally {
        run.free();
      }
    },
  };

  /** @param {{ backend: import("./protocol.js").Backend, software?: boolean }} which @param {Caller} caller */
  async function open({ backend, software = false }, caller) {
    const adapter = backend === "webgpu" ? await findAdapter(software) : null;
    const { script, fetchModule } = await findBuild(backend, caller);
    ({ glue, engine } = await startEngine(backend, script, fetchModule(), onLost));
    resolveOpened();
    const { implementation, version } = engine.info();
    return { implementation: adapter ? `${implementation}, ${adapter}` : implementation, version };
  }

  /** @param {string} id */
  function loader(id) {
    return async (/** @type {Caller} */ { signal, emit }) => {
      const entries = await models({ signal, emit: () => {} });
      const entry = entries.find((candidate) => candidate.id === id);
      if (!entry)
        throw failure(
          "RequestError",
          `There is no model "${id}". There are: ${entries.map((each) => each.id).join(", ")}.`,
        );
      const url = weightsUrl(entry);
      const onProgress = (/** @type {number} */ loaded) => emit({ part: id, loaded, total: entry.bytes });
      await withFreshCopyIfDamaged(async (cache) => {
        const bytes = await fetchBytes(url, entry.bytes, { signal, cache, onProgress });
        await opened;
        await guarded(() => engine.load(entry, bytes));
      });
      return entry;
    };
  }
}

/** The address of a network's weights. @param {import("./protocol.js").ManifestEntry} entry */
const weightsUrl = ({ file, sha256 }) => versioned(new URL(`../models/${file}`, import.meta.url), sha256);

/**
 * Returns the address of the engine's script and a function that fetches its module. It fetches `build.json` first,
 * which has the module's size and hash, so files of two releases are never mixed.
 *
 * @param {import("./protocol.js").Backend} backend
 * @param {Caller} caller
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

/** Fetches the weights of a network and checks their hash. @param {import("./protocol.js").ManifestEntry} entry */
export const fetchWeights = (entry) => fetchIntact(entry.file, weightsUrl(entry), entry);

/**
 * Fetches a file whose size and SHA-256 are known.
 *
 * @param {string} name The file's name in error messages.
 * @param {URL} url
 * @param {{ bytes: number, sha256: string }} expected
 * @param {{ signal?: AbortSignal, onProgress?: (loaded: number) => void }} [options]
 */
const fetchIntact = (name, url, { bytes: size, sha256 }, options) =>
  withFreshCopyIfDamaged(async (cache) => {
    const bytes = await fetchBytes(url, size, { ...options, cache });
    if (await isIntact(bytes, sha256)) return bytes;
    throw failure("IntegrityError", `${name} is damaged: its SHA-256 does not match. Please retry.`);
  });

/**
 * Instantiates the wasm module of a build and opens an engine.
 *
 * @param {import("./protocol.js").Backend} backend
 * @param {string} script
 * @param {WebAssembly.Module | Promise<Uint8Array>} module
 * @param {(error: Error) => void} onLost
 */
export async function startEngine(backend, script, module, onLost) {
  const glue = await instantiate(script, module);
  const open = () => glue.Engine.open();
  const engine = await guarded(() => (backend === "webgpu" ? withDevice(open, onLost) : open()));
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
    // The address contains the version, so it cannot be a literal. The comments tell bundlers to leave it as it is.
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
 * Returns the result, or throws a Fault if the device has reported an error, because the result may then be wrong.
 *
 * @template Value
 * @param {import("../../pkg/cpu/engine.js").Engine} engine
 * @param {Value} result
 */
export function checkFault(engine, result) {
  const fault = engine.fault();
  if (fault) throw failure("Fault", fault.slice(0, MAX_MESSAGE_LENGTH));
  return result;
}

/**
 * Runs the work with files from the browser's cache. If a file is damaged, it runs the work again with a fresh copy.
 * Without this, every retry would get the damaged copy from the cache.
 *
 * @template Value
 * @param {(cache: RequestCache) => Promise<Value>} work
 */
async function withFreshCopyIfDamaged(work) {
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
  if (Number.isInteger(bytes) && bytes > 0 && bytes <= MAX_MODULE_BYTES && /^[0-9a-f]{64}$/.test(sha256))
    return { bytes, sha256 };
  throw failure("IntegrityError", "The description of the engine, build.json, is damaged. Please retry.");
}

/**
 * Whether the bytes have this hash. Browsers offer hashing only to pages from https and localhost; elsewhere this
 * returns true, and only the length and the module's own validation are checked.
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
 * Adds the start of the hash to an address, so that no cache returns an old file for a new one.
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
 * Checks that the model is a string. The wasm module does not check, and reads beyond its memory for anything else.
 *
 * @param {unknown} model
 */
function checkedModel(model) {
  if (typeof model === "string") return model;
  throw failure("RequestError", "The model must be the id of a published network.");
}

/** @param {unknown} strokes */
function checkedStrokes(strokes) {
  if (Array.isArray(strokes) && strokes.every((stroke) => stroke instanceof Uint8Array)) return strokes;
  throw failure("ImageError", "A drawing must be a list of strokes, each a Uint8Array of coordinates.");
}

/** @param {unknown} image */
function checkedImage(image) {
  if (image instanceof Float32Array) return image;
  throw failure("ImageError", "The image must be a Float32Array of pixels from 0 to 1.");
}

/**
 * Runs work in the wasm module and turns a trap into an EngineError. After a trap the module's memory may be
 * inconsistent, so the engine cannot be used again.
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
 * Resolves in a new task, in the order of the calls. In between, messages such as a cancellation are handled, the page
 * can draw, and attacks that run at the same time alternate step by step. (A timer would wait for at least 4 ms, which
 * is longer than many steps take.)
 */
export const nextTask = (() => {
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
