/** A worker of the bench: attacks images by the wasm module of a folder. */

/** @type {import("../../pkg/cpu/engine.js").Engine} */
let engine;

/** @param {{ data: any }} event `{ module, entry, file }` loads a network, anything else is a request for attacks. */
addEventListener("message", async ({ data }) => {
  if (data.module) {
    const glue = await import(new URL("engine.js", data.module).href);
    await glue.default({ module_or_path: new URL("engine_bg.wasm", data.module) });
    engine = await glue.Engine.open();
    engine.load(data.entry, data.file);
    return postMessage({ attacks: 0, steps: 0 });
  }
  const runs = engine.start(data);
  const done = { attacks: data.targets.length, steps: 0 };
  while (runs.running > 0) done.steps += (await runs.step()).length;
  runs.free();
  postMessage(done);
});
