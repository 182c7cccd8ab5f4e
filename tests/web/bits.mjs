/**
 * Compares attacks with the committed bits of `tests/bits/steps.json`, which `tests/attacks/bits.rs` describes. Imported
 * in Node and in pages, so it imports nothing.
 *
 * @typedef {import("../../pkg/messages.js").Step} Step
 *
 * @typedef {object} Case An attack with its settings on a test image of the page, and the bits that it gives.
 * @property {string} model
 * @property {number} sample The image, by its place among the samples.
 * @property {number} target
 * @property {any} attack The attack and its settings.
 * @property {number} steps
 * @property {string} outcome
 * @property {string[]} logits The last logits, each as eight hexadecimal digits.
 * @property {string} sha256 Of all steps.
 */

/**
 * The cases whose bits are others here.
 *
 * @param {Case[]} cases
 * @param {(of: Case) => Promise<Step[]>} attack Runs the attack of a case and returns its steps.
 * @returns {Promise<{ expected: Case, found: Pick<Case, "steps" | "outcome" | "logits" | "sha256"> }[]>}
 */
export async function differences(cases, attack) {
  const differences = [];
  for (const expected of cases) {
    const steps = await attack(expected);
    const last = steps[steps.length - 1];
    const found = {
      steps: steps.length,
      outcome: `${last.outcome}`,
      logits: Array.from(last.logits, (logit) => hex(bytes([logit], 4).reverse())),
      sha256: hex(await digest(steps.flatMap(bytesOf))),
    };
    const names = /** @type {(keyof typeof found)[]} */ (Object.keys(found));
    if (names.some((name) => `${found[name]}` !== `${expected[name]}`)) differences.push({ expected, found });
  }
  return differences;
}

/** All numbers of a step, little-endian. What it does not have is left out. @param {Step} step */
const bytesOf = ({ image, logits, probabilities, gradient, saliency, chosen, alpha, beta, score }) => [
  ...[image, logits, probabilities, gradient ?? [], saliency ?? []].map((numbers) => bytes(numbers, 4)),
  new Uint8Array(Uint32Array.from(chosen ?? []).buffer),
  bytes(alpha === null || beta === null || score === null ? [] : [alpha, beta, score], 8),
];

/** The bytes of numbers of four bytes or eight. @param {ArrayLike<number>} numbers @param {4 | 8} size */
const bytes = (numbers, size) =>
  new Uint8Array((size === 4 ? Float32Array.from(numbers) : Float64Array.from(numbers)).buffer);

/** @param {Uint8Array<ArrayBuffer>[]} parts */
const digest = async (parts) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer()));

/** @param {Uint8Array} bytes */
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * The cases whose bits are others in this page's engine. Called in pages of the site.
 *
 * @param {Case[]} cases
 */
export async function differencesOfPage(cases) {
  const [{ createEngine }, { loadSamples }] = await Promise.all([
    import(/** @type {any} */ ("/www/engine.js")),
    import(/** @type {any} */ ("/www/page/samples.js")),
  ]);
  const engine = await createEngine({ prefer: "cpu" });
  const found = await differences(cases, async ({ model, sample, target, attack }) => {
    await engine.load(model);
    const { pixels } = (await loadSamples(model.startsWith("mnist") ? "mnist" : "cifar10"))[sample];
    return (await engine.attack({ ...attack, model, image: pixels, target })).steps;
  });
  const { where } = engine.info();
  engine.close();
  return { where, found };
}
