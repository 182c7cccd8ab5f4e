/**
 * Writes the generated parts of README.md: the measured figures, and the link fields of attacks and their settings.
 * `npm run readme`; with `--check` it only checks that README.md is up to date.
 */
import { readFileSync } from "node:fs";
import { ATTACKS, DATASETS } from "../pkg/registry.js";
import { models, percent, successRow } from "./measured.mjs";
import { writeOrCheck } from "./write.mjs";

const FIGURES = /(<!-- figures: [^>]*-->\n).*(<!-- \/figures -->)/s;
/**
 * The rows about attacks in the table of a link's fields. Comments cannot mark them, because a comment would end the
 * table.
 */
const FIELDS = /(?<=^\| `left`, `right` .*\n)(\| .*\n)*?(?=\| `temper` )/m;
const README = new URL("../README.md", import.meta.url);
/** The factor by which the logits are multiplied in the control experiment. */
const SCALE = 40;

/** The figures published in the papers. */
const PAPER = JSON.parse(readFileSync(new URL("../results/paper.json", import.meta.url), "utf8"));

const readme = readFileSync(README, "utf8");
const written = readme
  .replace(FIGURES, (_, start, end) => `${start}${table()}\n${end}`)
  .replace(FIELDS, () => fields());
writeOrCheck(README, written, "npm run readme");

/** The table of the measured figures. */
function table() {
  const head = [
    "network",
    "test accuracy",
    "JSMA-F, the paper",
    "JSMA-F, here",
    "of these gradient vanished",
    "JSMA-T",
    "JSMA-Z",
  ];
  return [head, head.map(() => "---"), ...models.map(cells), scaled()]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
}

/** The row of a network. @param {import("./measured.mjs").Entry} entry */
function cells(entry) {
  const { role, temperature, test_accuracy } = entry;
  const paper = PAPER.success.mnist["jsma-f"].figures[`${role} ${temperature}`];
  const f = successRow(entry, "jsma-f", 1);
  return [
    role === "undefended" ? role : `${role}, T = ${temperature}`,
    percent(test_accuracy),
    paper === undefined ? "–" : percent(paper),
    rate(f),
    `${f.outcomes.gradient_vanished} of ${f.attempts}`,
    rate(successRow(entry, "jsma-t", temperature)),
    rate(successRow(entry, "jsma-z", 1)),
  ];
}

/** The row of the control experiment: the undefended network with its logits multiplied, without any training. */
function scaled() {
  const entry = models.find(({ role }) => role === "undefended");
  if (!entry) throw new Error("There is no undefended network in the manifest.");
  const row = successRow(entry, "jsma-f", 1, SCALE);
  return [
    `undefended, logits × ${SCALE}`,
    percent(entry.test_accuracy),
    "–",
    rate(row),
    `${row.outcomes.gradient_vanished} of ${row.attempts}`,
    rate(successRow(entry, "jsma-t", SCALE, SCALE)),
    rate(successRow(entry, "jsma-z", 1, SCALE)),
  ];
}

/** The rows of the link fields. */
function fields() {
  const all = Object.values(ATTACKS);
  const untargeted = all.filter((attack) => attack.untargeted);
  /**
   * For each setting, its allowed values in words, each with the ids of the attacks that allow them.
   *
   * @type {Map<string, Map<string, string[]>>}
   */
  const settings = new Map();
  for (const { id, settings: own } of all) {
    for (const setting of own) {
      if (!("link" in setting)) continue;
      const values = settings.get(setting.name) ?? new Map();
      settings.set(setting.name, values.set(valuesOf(setting), [...(values.get(valuesOf(setting)) ?? []), id]));
    }
  }
  return [
    ["`attack`", list(all.map(({ id }) => id))],
    [
      "`target`, `untargeted`",
      `a class; \`1\` for any class but the one that is shown, with ${list(untargeted.map(({ id }) => id))}`,
    ],
    ...[...settings].map(([name, values]) => [
      `\`${name}\``,
      [...values].map(([words, ids]) => `${words}, with ${list(ids)}`).join("; "),
    ]),
  ]
    .map((row) => `| ${row.join(" | ")} |\n`)
    .join("");
}

/**
 * The values that a link may have for a setting, in words.
 *
 * @param {Extract<typeof ATTACKS[keyof typeof ATTACKS]["settings"][number], { link: unknown }>} setting
 */
function valuesOf(setting) {
  if ("choices" in setting) return list(setting.choices);
  const { min, max } = setting.page;
  if (max !== "features") return `${min} to ${max}`;
  return `${min} to the number of features, which is ${Object.values(DATASETS)
    .map(({ name, features }) => `${features} on ${name}`)
    .join(" and ")}`;
}

/** @param {readonly string[]} names */
function list(names) {
  const quoted = names.map((name) => `\`${name}\``);
  return quoted.length < 2 ? quoted.join("") : `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
}

/** The success rate with its confidence interval. @param {any} row */
function rate({ rate, interval }) {
  return `${percent(rate)} (${percent(interval[0])} to ${percent(interval[1])})`;
}
