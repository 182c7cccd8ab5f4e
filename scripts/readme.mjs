/** Writes the measured figures into README.md: `npm run readme`. With `--check` it only says whether they are there. */
import { readFileSync } from "node:fs";
import { PAPER } from "../www/domain/paper.js";
import { measured, models, percent } from "./measured.mjs";
import { writeOrCheck } from "./write.mjs";

const FIGURES = /(<!-- figures: [^>]*-->\n).*(<!-- \/figures -->)/s;
const README = new URL("../README.md", import.meta.url);
/** The control in the table: what the undefended network's logits are multiplied by. */
const SCALE = 40;

writeOrCheck(README, readFileSync(README, "utf8").replace(FIGURES, (_, start, end) => `${start}${table()}
${end}`), "npm run readme");

function table() {
  const head = ["network", "test accuracy", "JSMA-F, the paper", "JSMA-F, here", "of these gradient vanished", "JSMA-T", "JSMA-Z"];
  return [head, head.map(() => "---"), ...models.map(cells), scaled()].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** @param {import("./measured.mjs").Entry} entry */
function cells(entry) {
  const { role, temperature, test_accuracy } = entry;
  const paper = PAPER.success.mnist["jsma-f"][`${role} ${temperature}`];
  const f = measured(entry, "jsma-f", 1);
  return [
    role === "undefended" ? role : `${role}, T = ${temperature}`,
    percent(test_accuracy),
    paper === undefined ? "–" : percent(paper),
    rate(f),
    `${f.outcomes.gradient_vanished} of ${f.attempts}`,
    rate(measured(entry, "jsma-t", temperature)),
    rate(measured(entry, "jsma-z", 1)),
  ];
}

/** The control in which nothing is trained: the undefended network with its logits multiplied. */
function scaled() {
  const entry = models.find(({ role }) => role === "undefended");
  if (!entry) throw new Error("There is no undefended network in the manifest.");
  const row = measured(entry, "jsma-f", 1, SCALE);
  return [`undefended, logits × ${SCALE}`, percent(entry.test_accuracy), "–", rate(row), `${row.outcomes.gradient_vanished} of ${row.attempts}`, rate(measured(entry, "jsma-t", SCALE, SCALE)), rate(measured(entry, "jsma-z", 1, SCALE))];
}

/** @param {any} row */
function rate({ rate, interval }) {
  return `${percent(rate)} (${percent(interval[0])} to ${percent(interval[1])})`;
}
