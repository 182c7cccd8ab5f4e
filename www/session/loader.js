/** Loads the engine and the network of each panel, and writes the progress into the state. */

import { DATASETS } from "../domain/datasets.js";
import { defaultNetwork } from "../domain/networks.js";
import { createEngine } from "../engine/engine.js";
import { failure } from "../engine/protocol.js";
import { preferredEngine } from "../page/engine-preference.js";
import { claim } from "../page/sequence.js";
import { NOTHING, SIDES, waiting } from "./state.js";

/** @typedef {import("../engine/engine.js").EngineHandle} EngineHandle */
/** @typedef {import("./state.js").ManifestEntry} ManifestEntry */
/** @typedef {import("./state.js").Side} Side */

/**
 * @param {import("./state.js").Store} store
 * @param {object} listeners
 * @param {(side: Side) => ManifestEntry | undefined} listeners.requestedModel The network that a link names for a
 * panel, if any.
 * @param {(side: Side, models: ManifestEntry[]) => ManifestEntry | undefined} listeners.expectedModel The network that
 * the panel will most likely start with; it is fetched while the engine is still loading.
 * @param {() => void} listeners.onList The list of networks has been loaded.
 * @param {() => void} listeners.onReady The network of a panel has been loaded.
 * @param {(error: Error) => void} listeners.onError
 */
export function createLoader(store, { requestedModel, expectedModel, onList, onReady, onError }) {
  const { state } = store;
  /** @type {EngineHandle | null} */
  let engine = null;
  /** @type {Promise<void>} */
  let opening = Promise.resolve();
  let prefer = preferredEngine();
  /** @type {Record<Side, Promise<void>>} */
  const loads = { left: Promise.resolve(), right: Promise.resolve() };

  /** Starts the engine, then loads the network of each panel. The Retry button calls this too. */
  function open(preference = prefer) {
    prefer = preference;
    engine?.close();
    engine = null;
    for (const side of SIDES) store.setPanel(side, { loading: waiting() });
    opening = start();
    return opening;
  }

  async function start() {
    // A start that is no longer the latest discards its engine.
    const isLatest = claim("engine");
    /** @param {Partial<import("./state.js").State>} patch */
    const report = (patch) => {
      if (isLatest()) store.set(patch);
    };
    /** @type {EngineHandle | null} */
    let handle = null;
    store.set({ engine: { status: "loading", progress: null, error: null }, message: NOTHING });
    try {
      handle = await createEngine({
        prefer,
        expect(published) {
          const models = published.filter(({ dataset }) => dataset === state.data);
          return SIDES.flatMap((side) => (state.panels[side].model ?? expectedModel(side, models))?.id ?? []);
        },
        onChange: (engineInfo) => report({ engineInfo }),
        onProgress: (progress) => report({ engine: { status: "loading", progress, error: null } }),
      });
      const published = (await handle.models()).filter(({ dataset }) => dataset in DATASETS);
      if (published.length === 0)
        throw failure("ModelError", "The list of models has none for the data sets of this page.");
      if (!isLatest()) return handle.close();
      engine = handle;
      store.set({ engine: { status: "ready", progress: null, error: null }, engineInfo: handle.info(), published });
      onList();
    } catch (error) {
      handle?.close();
      return isLatest() ? closeEngine(/** @type {Error} */ (error)) : undefined;
    }
    for (const side of SIDES) {
      const kept = state.models.find(({ id }) => id === state.panels[side].model?.id);
      choose(side, kept ?? requestedModel(side) ?? defaultNetwork(state.models, side));
    }
  }

  /** Puts a network into a panel. @param {Side} side @param {ManifestEntry} model */
  function choose(side, model) {
    store.setPanel(side, { model, reading: null, readingOf: null, loading: waiting() });
    void load(side);
  }

  /** Loads the network of a panel; after a failure it tries again. @param {Side} side */
  function load(side) {
    loads[side] = fetchModel(side);
    return loads[side];
  }

  /** @param {Side} side */
  async function fetchModel(side) {
    const { model } = state.panels[side];
    const handle = engine;
    if (!model || !handle) return;
    const isCurrent = () => state.panels[side].model === model && engine === handle;
    /** @param {import("./state.js").Loading} loading */
    const report = (loading) => isCurrent() && store.setPanel(side, { loading });
    report({ status: "loading", progress: null, error: null });
    try {
      await handle.load(model.id, { onProgress: (progress) => report({ status: "loading", progress, error: null }) });
      if (!isCurrent()) return;
      report({ status: "ready", progress: null, error: null });
      onReady();
    } catch (error) {
      if (!isCurrent()) return;
      const { name } = /** @type {Error} */ (error);
      if (name === "EngineError") return closeLostEngine(handle, /** @type {Error} */ (error));
      report({ status: "error", progress: null, error: /** @type {Error} */ (error) });
      onError(/** @type {Error} */ (error));
    }
  }

  /**
   * Closes an engine that has failed. An engine that has been replaced is closed already, and its late errors say
   * nothing about the one that is used now.
   *
   * @param {EngineHandle} lost
   * @param {Error} error
   */
  function closeLostEngine(lost, error) {
    if (lost === engine) closeEngine(error);
  }

  /** Closes the engine. Its networks are lost with it. @param {Error} error */
  function closeEngine(error) {
    engine?.close();
    engine = null;
    for (const side of SIDES) store.setPanel(side, { loading: waiting() });
    store.set({ engine: { status: "error", progress: null, error }, engineInfo: null });
    onError(error);
  }

  return {
    open,
    choose,
    load,
    closeLostEngine,
    engine: () => engine,
    opened: () => opening,
    /** Waits until the network of a panel is loaded or has failed to. @param {Side} side */
    async settled(side) {
      await opening;
      await loads[side];
    },
  };
}
