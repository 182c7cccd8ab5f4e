/**
 * Writes what README.md takes from elsewhere: the measured figures, and what a link can say of attacks and
 * their settings. `npm run readme`; with `--check` it only says whether README.md is up to date.
 */
import { readFileSync } from "node:fs";
import { ATTACKS, DATASETS } from "../pkg/registry.js";
import { measured, models, percent } from "./measured.mjs";
import { writeOrCheck } from "./write.mjs";

const FIGURES = /(<!-- figures: [^>]*-->\n).*(<!-- \/figures -->)/s;
/**
 * The rows of the table of a link's fields that are about attacks. No comment can mark them, for it would end the
 * table.
 */
const FIELDS = /(?<=^\| `left`, `right` .*\n)(\| .*\n)*?(?=\| `temper` )/m;
const README = new URL("../README.md", import.meta.url);
/** The control in the table: what the undefended network's logits are multiplied by. */
const SCALE = 40;

/** The papers' figures. */
const PAPER = JSON.parse(readFileSync(new URL("../results/paper.json", import.meta.url), "utf8"));

const readme = readFileSync(README, "utf8");
const written = readme
  .replace(FIGURES, (_, start, end) => `${start}${table()}\n${end}`)
  .replace(FIELDS, () => fields());
writeOrCheck(README, written, "npm run readme");

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

/** @param {import("./measured.mjs").Entry} entry */
function cells(entry) {
  const { role, temperature, test_accuracy } = entry;
  const paper = PAPER.success.mnist["jsma-f"].figures[`${role} ${temperature}`];
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
  return [
    `undefended, logits × ${SCALE}`,
    percent(entry.test_accuracy),
    "–",
    rate(row),
    `${row.outcomes.gradient_vanished} of ${row.attempts}`,
    rate(measured(entry, "jsma-t", SCALE, SCALE)),
    rate(measured(entry, "jsma-z", 1, SCALE)),
  ];
}

function fields() {
  const all = Object.values(ATTACKS);
  const untargeted = all.filter((attack) => attack.untargeted);
  /**
   * Each setting by its name and by what it may be, with the attacks that have it so.
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
 * What a link may say of a setting.
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

/** @param {any} row */
function rate({ rate, interval }) {
  return `${percent(rate)} (${percent(interval[0])} to ${percent(interval[1])})`;
}
