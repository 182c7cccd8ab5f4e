/**
 * Writes the measured figures into the blog posts: `npm run readme`. With `--check` it only checks that they are up to
 * date. The element for a figure has an attribute `data-figure` with the figure's name.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fgsmRow, models, percent, robustnessRow, successRow } from "./measured.mjs";
import { writeOrCheck } from "./write.mjs";

const POSTS = readdirSync(new URL("../www/blog/", import.meta.url))
  .filter((name) => name.endsWith(".html"))
  .map((name) => new URL(`../www/blog/${name}`, import.meta.url));
/** The elements for figures. */
const PLACES = /(<(\w+) data-figure="([^"]+)">)[^<]*(<\/\2>)/g;
/** The number of features of MNIST. */
const FEATURES = 784;

/** The temperature that the posts discuss, and the one in the literature on FGSM. */
const [T, FGSM_T] = [40, 100];
const [undefended, distilled, teacher] = [network("undefended", 1), network("distilled", T), network("teacher", T)];
const fgsmDistilled = network("distilled", FGSM_T);
const f = {
  undefended: successRow(undefended, "jsma-f", 1),
  distilled: successRow(distilled, "jsma-f", 1),
  teacher: successRow(teacher, "jsma-f", 1),
};
const jsmaT = successRow(distilled, "jsma-t", distilled.temperature);
const robust = { undefended: robustnessRow(undefended), distilled: robustnessRow(distilled) };
const scaled = successRow(undefended, "jsma-f", 1, 40);

/** @type {Record<string, string>} */
const FIGURES = {
  attempts: String(f.distilled.attempts),
  "accuracy undefended": percent(undefended.test_accuracy),
  "accuracy distilled": percent(distilled.test_accuracy),
  "norm undefended": undefended.logit_norm.toFixed(0),
  "norm distilled": distilled.logit_norm.toFixed(0),
  "f undefended": percent(f.undefended.rate),
  "f distilled": percent(f.distilled.rate),
  "f teacher": percent(f.teacher.rate),
  "f scaled": percent(scaled.rate),
  "vanished undefended": String(f.undefended.outcomes.gradient_vanished),
  "vanished distilled": String(f.distilled.outcomes.gradient_vanished),
  "vanished teacher": String(f.teacher.outcomes.gradient_vanished),
  "vanished scaled": String(scaled.outcomes.gradient_vanished),
  "pixels undefended": pixels(f.undefended),
  "t undefended": percent(successRow(undefended, "jsma-t", 1).rate),
  "t distilled": percent(jsmaT.rate),
  "t teacher": percent(successRow(teacher, "jsma-t", teacher.temperature).rate),
  "robust images": String(robust.distilled.measured),
  "robust vanished": String(robust.distilled.gradient_vanished),
  "robust distilled": percent(robust.distilled.robustness),
  "robust distilled successes": percent(robust.distilled.robustness_of_successes),
  "robust undefended": percent(robust.undefended.robustness),
  "fgsm images": String(fgsmRow(undefended, 1).measured),
  "fgsm undefended": percent(fgsmRow(undefended, 1).rate),
  "fgsm distilled": percent(fgsmRow(fgsmDistilled, 1).rate),
  "fgsm distilled told": percent(fgsmRow(fgsmDistilled, FGSM_T).rate),
};

for (const post of POSTS) {
  const before = readFileSync(post, "utf8");
  const named = new Set([...before.matchAll(PLACES)].map(([, , , name]) => name));
  const missing = Object.keys(FIGURES).filter((name) => !named.has(name));
  if (missing.length > 0) throw new Error(`${post.pathname} has no element for these figures: ${missing.join(", ")}.`);
  const after = before.replace(PLACES, (_, start, _tag, name, end) => {
    if (!(name in FIGURES))
      throw new Error(`${post.pathname} has an element for the figure "${name}", which does not exist.`);
    return `${start}${FIGURES[name]}${end}`;
  });
  writeOrCheck(post, after, "npm run readme");
}

/** Finds a network in the manifest. @param {string} role @param {number} temperature */
function network(role, temperature) {
  const entry = models.find((each) => each.role === role && each.temperature === temperature);
  if (!entry) throw new Error(`The manifest has no ${role} network at T = ${temperature}.`);
  return entry;
}

/** The mean number of pixels changed in successful attacks. @param {any} row */
function pixels(row) {
  return (row.distortion_successes * FEATURES).toFixed(1);
}
