/** An experiment in a browser gives the rows of the command line, to the last bit. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openPage, serveSite, test, withBrowser } from "./server-and-browser.mjs";

withBrowser();

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** The command line, which the Rust tests have built: `cargo build --release --features cli`. */
const DISTILL = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "release/distill");

/**
 * `distill evaluate` on the sample images of the page. Returns the rows that it writes.
 *
 * @param {import("node:test").TestContext} t
 * @param {string} kind
 * @param {string[]} options
 * @returns {any[]}
 */
function evaluate(t, kind, options) {
  const folder = mkdtempSync(join(tmpdir(), "evaluate-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const places = ["--results", folder, "--records", join(folder, "records")];
  const words = ["evaluate", kind, "--samples", "--scales", "1", ...options, ...places];
  execFileSync(DISTILL, words, { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] });
  return JSON.parse(readFileSync(join(folder, `${kind}.json`), "utf8"));
}

for (const { name, data, model, experiment, settings, options } of /** @type {const} */ ([
  {
    name: "Nine hundred attacks on MNIST",
    data: "mnist",
    model: "mnist-undefended",
    experiment: "success",
    settings: { budget: 8 },
    options: ["--budget", "8"],
  },
  {
    name: "A hundred attacks on CIFAR-10",
    data: "cifar10",
    model: "cifar10-distilled-t100",
    experiment: "fgsm",
    settings: { attack: "fgsm", temper: true },
    options: ["--dataset", "cifar10", "--attack-temperature", "100", "--epsilon", "0.05"],
  },
])) {
  test(`${name} give the rows of the command line, to the last bit`, async (t) => {
    const rows = evaluate(t, experiment, ["--models", model, ...options]);
    const { url } = await serveSite(t);
    const { page, problems } = await openPage(t, `${url}/blank`);
    const found = await page.evaluate(
      async ({ data, model, experiment, settings, engine, date }) => {
        const [{ createPool }, { fetchModels }, { planOf }, { DEFAULTS }, { loadSamples }] = await Promise.all([
          import("/www/pool/pool.js"),
          import("/www/engine/manifest.js"),
          import("/www/lab/plan.js"),
          import("/www/domain/settings.js"),
          import("/www/page/samples.js"),
        ]);
        const entry = (await fetchModels()).find(({ id }) => id === model);
        if (!entry) throw new Error(`${model} is not published`);
        const samples = await loadSamples(data);
        const subjects = [{ model: entry, scale: null }];
        const choice = { data, experiment, subjects, settings: { ...DEFAULTS, ...settings }, images: samples.length };
        const plan = planOf(choice, samples, { engine, date });
        // FGSM has a task for each ε, of which the first is compared.
        plan.request.tasks = plan.request.tasks.slice(0, 1);
        const pool = createPool();
        const { chunks } = await pool.plan(plan);
        /** @type {import("../../pkg/cpu/engine.js").ExperimentRecord[]} */
        const records = [];
        await pool.run(plan, chunks, {
          signal: new AbortController().signal,
          onRecords: (some) => void records.push(...some),
        });
        return pool.rows(plan, records);
      },
      { data, model, experiment, settings, engine: rows[0].engine, date: rows[0].date },
    );
    assert.deepEqual(
      found,
      rows.map((row) => ({ ...row, command: "" })),
    );
    assert.deepEqual(problems, []);
  });
}
