/** Writes the measured figures into README.md: `npm run readme`. With `--check` it only says whether they are there. */
import { readFileSync, writeFileSync } from "node:fs";
import { PAPER } from "../www/paper.js";

const FIGURES = /(<!-- figures: [^>]*-->\n)[^]*(<!-- \/figures -->)/;
const README = new URL("../README.md", import.meta.url);
const ROLES = ["undefended", "teacher", "distilled"];

const rows = read("results/success.json")
  .filter((/** @type {any} */ row) => row.dataset === "mnist" && row.attack === "jsma-f" && row.direction === "increase" && row.theta === 1 && row.budget === 112 && row.images === 100)
  .sort((/** @type {any} */ a, /** @type {any} */ b) => ROLES.indexOf(a.role) - ROLES.indexOf(b.role) || a.temperature - b.temperature);
const models = new Map(read("www/models/manifest.json").map((/** @type {any} */ entry) => [entry.id, entry]));

const readme = readFileSync(README, "utf8");
const written = readme.replace(FIGURES, (_, start, end) => `${start}${table()}\n${end}`);
if (!process.argv.includes("--check")) {
  writeFileSync(README, written);
} else if (readme !== written) {
  process.stderr.write("README.md does not hold the figures of results/success.json. Run `npm run readme`.\n");
  process.exitCode = 1;
}

function table() {
  const head = ["network", "test accuracy", "attacks that succeed", "95 % interval", "the paper", "gradient vanished", "budget spent", "pixels changed where it succeeded"];
  return [head, head.map(() => "---"), ...rows.map(cells)].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** @param {any} row */
function cells({ model, model_sha256, role, temperature, attempts, successes, rate, interval, outcomes, distortion_successes }) {
  const entry = models.get(model);
  if (entry?.sha256 !== model_sha256) throw new Error(`results/success.json measured another ${model} than the published one. Run \`distill evaluate\` again.`);
  const paper = PAPER[`${role} ${temperature}`];
  return [
    role === "undefended" ? role : `${role}, T = ${temperature}`,
    percent(entry.test_accuracy),
    `${percent(rate)} (${successes} of ${attempts})`,
    `${percent(interval[0])} to ${percent(interval[1])}`,
    paper === undefined ? "–" : percent(paper),
    outcomes.gradient_vanished,
    outcomes.budget_spent,
    distortion_successes === null ? "–" : percent(distortion_successes),
  ];
}

/** @param {number} share */
function percent(share) {
  return `${(100 * share).toFixed(2)} %`;
}

/** @param {string} path From the project's folder. */
function read(path) {
  return JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), "utf8"));
}
