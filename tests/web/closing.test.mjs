/**
 * What an engine has started ends when it is closed, at whatever moment: workers, timers, listeners, ports and
 * downloads. Everything is counted in the page.
 */
import assert from "node:assert/strict";
import { fakeAdapter, fakeEngine, serveFakeSite } from "./fake-site.mjs";
import { openPage, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

/**
 * Counts what is open. Listeners are counted on the window and on the caller's signal. Ports that modules keep for the
 * whole visit are not an engine's.
 */
const COUNT = `
  globalThis.open = { workers: 0, timers: 0, listeners: 0, ports: 0 };
  globalThis.made = { ...open };
  const add = (what) => { open[what]++; made[what]++; };
  if (globalThis.Worker) globalThis.Worker = class extends Worker {
    constructor(...of) { super(...of); add("workers"); }
    terminate() { open.workers--; super.terminate(); }
  };
  const timers = new Set();
  const { setInterval, clearInterval } = globalThis;
  globalThis.setInterval = (...of) => { const timer = setInterval(...of); timers.add(timer); add("timers"); return timer; };
  globalThis.clearInterval = (timer) => { if (timers.delete(timer)) open.timers--; clearInterval(timer); };
  const isCounted = (target, type) => (target === globalThis && type === "error") || target === globalThis.callersSignal;
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const listeners = new Map();
  EventTarget.prototype.addEventListener = function (type, listener, ...of) {
    if (isCounted(this ?? globalThis, type) && !listeners.get(listener)) { listeners.set(listener, true); add("listeners"); }
    return addEventListener.call(this ?? globalThis, type, listener, ...of);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, ...of) {
    if (isCounted(this ?? globalThis, type) && listeners.delete(listener)) open.listeners--;
    return removeEventListener.call(this ?? globalThis, type, listener, ...of);
  };
  const close = MessagePort.prototype.close;
  globalThis.MessageChannel = class extends MessageChannel {
    constructor() { super(); this.port2.isOfEngine = new Error().stack.includes("startInPage"); if (this.port2.isOfEngine) add("ports"); }
  };
  // The steps that an engine in the page sends, also when nobody listens any more.
  globalThis.sentSteps = 0;
  const { postMessage } = MessagePort.prototype;
  MessagePort.prototype.postMessage = function (message, ...of) {
    if (message?.event?.image) sentSteps++;
    return postMessage.call(this, message, ...of);
  };
  MessagePort.prototype.close = function () { if (this.isOfEngine) { this.isOfEngine = false; open.ports--; } close.call(this); };`;

/** The moments at which the engine is closed. Each returns when it is closed. */
const MOMENTS = {
  "while nothing is computed": async (/** @type {any} */ engine) => engine.close(),
  twice: async (/** @type {any} */ engine) => {
    engine.close();
    engine.close();
  },
  "while a network is loaded": async (/** @type {any} */ engine) => {
    const loading = engine.load("two").catch((/** @type {Error} */ error) => error.name);
    engine.close();
    if ((await loading) !== "EngineError") throw new Error("the load was not rejected");
  },
  "during an attack": async (/** @type {any} */ engine, /** @type {AbortSignal} */ signal) => {
    const settings = { attack: "jsma-f", direction: "increase", theta: 5, budget: 1000 };
    const request = { model: "one", image: new Float32Array(784), target: 1, ...settings };
    const attack = new Promise((resolve) => {
      engine
        .attack(request, {
          signal,
          onStep: (/** @type {any} */ step) => {
            if (step.iteration === 2) engine.close();
          },
        })
        .catch((/** @type {Error} */ error) => resolve(error.name));
    });
    if ((await attack) !== "EngineError") throw new Error("the attack was not rejected");
    // An attack in the page stops before its next step. One that went on would make steps in these tasks.
    const tasks = () => new Promise((resolve) => setTimeout(resolve, 20));
    await tasks();
    const { sentSteps } = /** @type {any} */ (globalThis);
    for (let i = 0; i < 5; i++) await tasks();
    if (/** @type {any} */ (globalThis).sentSteps !== sentSteps) throw new Error("the attack went on");
  },
};

const SLOW = { ...fakeAdapter(), ...fakeEngine("cpu", {}), ...fakeEngine("webgpu", {}) };

/** @type {Record<string, { script?: string, prefer: 'cpu' | 'webgpu', settles?: boolean }>} */
const ENGINES = {
  "an engine in a worker": { prefer: "cpu" },
  "an engine in the page": { prefer: "cpu", script: "delete globalThis.Worker;" },
  "both engines": { prefer: "webgpu", settles: true },
  "an engine that is starting a second one": { prefer: "webgpu" },
};

for (const [name, { prefer, script = "", settles = false }] of Object.entries(ENGINES)) {
  test(`Closing ${name} leaves nothing open, at whatever moment`, async (t) => {
    const { url } = await serveFakeSite(t, SLOW);
    for (const [moment, close] of Object.entries(MOMENTS)) {
      const { page, problems } = await openPage(t, `${url}/blank`, { script: script + COUNT });
      const { open, made } = await page.evaluate(
        async ({ prefer, settles, close }) => {
          const global = /** @type {any} */ (globalThis);
          const { createEngine } = await import("/www/engine.js");
          const engine = await createEngine({ prefer });
          await engine.load("one");
          if (settles) await engine.settled();
          global.callersSignal = new AbortController().signal;
          // biome-ignore lint/security/noGlobalEval: A function comes to the page as its text.
          await globalThis.eval(`(${close})`)(engine, global.callersSignal);
          await engine.settled();
          const isOpen = () => Object.values(global.open).some((count) => count > 0);
          // A worker that was being started is closed as soon as it answers.
          for (let i = 0; i < 200 && isOpen(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
          return { open: global.open, made: global.made };
        },
        { prefer, settles, close: `${close}` },
      );
      assert.deepEqual(open, { workers: 0, timers: 0, listeners: 0, ports: 0 }, moment);
      assert.ok(made.workers + made.ports > 0 && made.timers + made.ports > 0, "something was counted");
      assert.deepEqual(problems, []);
    }
  });
}

test("An engine that is given up while it starts leaves nothing open", async (t) => {
  const { url } = await serveFakeSite(t, { ...SLOW, "/pkg/cpu/engine_bg.wasm": () => {} });
  for (const script of ["", "delete globalThis.Worker;"]) {
    const { page, problems } = await openPage(t, `${url}/blank`, { script: script + COUNT });
    const open = await page.evaluate(async () => {
      const global = /** @type {any} */ (globalThis);
      const { createEngine } = await import("/www/engine.js");
      const controller = new AbortController();
      global.callersSignal = controller.signal;
      const starting = createEngine({ prefer: "cpu", signal: controller.signal }).catch((error) => error.name);
      while (global.made.workers + global.made.ports === 0) await new Promise((resolve) => setTimeout(resolve));
      controller.abort();
      const name = await starting;
      const isOpen = () => Object.values(global.open).some((count) => count > 0);
      for (let i = 0; i < 200 && isOpen(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
      return { name, ...global.open };
    });
    assert.deepEqual(open, { name: "AbortError", workers: 0, timers: 0, listeners: 0, ports: 0 });
    assert.deepEqual(problems, []);
  }
});
