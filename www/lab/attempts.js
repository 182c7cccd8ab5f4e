/** The attacks behind a cell, each as a link that runs it again, step by step, on the page. */
import { DATASETS } from "../domain/datasets.js";
import { networkName } from "../domain/networks.js";
import { pickSettings } from "../domain/settings.js";
import { emptyLink, writeLink } from "../link/link.js";
import { make } from "../page/dom.js";
import { className, t } from "../page/i18n.js";
import { tasksOf } from "./plan.js";

/** How many of them are listed. */
const MOST = 20;

/**
 * @typedef {object} Measured
 * @property {import("./plan.js").Choice} choice
 * @property {import("../page/samples.js").Sample[]} samples Those that were attacked.
 * @property {import("../pool/pool.js").ExperimentRecord[]} records
 * @property {import("./plan.js").ManifestEntry[]} models All of the data set.
 */

/** @param {Measured} run @param {import("./views.js").Cell} cell @returns {Node[]} */
export function attemptsBehind(run, { task, source, target }) {
  const {
    choice: { data },
    samples,
    records,
  } = run;
  const name = (/** @type {number} */ label) => className(DATASETS[data], label);
  const behind = records
    .flatMap((record) => ("image" in record ? [record] : []))
    .filter(
      (record) =>
        record.task === task
        && (target === undefined || record.class === target)
        && (source === undefined || samples[record.image].label === source),
    );
  const title =
    source === undefined || target === undefined
      ? t("lab.attempts.all")
      : t("lab.attempts", { source: name(source), target: name(target) });
  return [
    make("h3", {}, title),
    make(
      "ul",
      {},
      ...behind.slice(0, MOST).map((record) => {
        const { index, label } = samples[record.image];
        const words = t(target === undefined ? "lab.attempt.of" : "lab.attempt", {
          index,
          source: name(label),
          target: name(record.class),
          outcome: t(`lab.outcome.${record.outcome}`),
          changed: record.features_changed,
        });
        return make("li", {}, make("a", { href: addressOf(run, record) }, words));
      }),
    ),
    ...(behind.length > MOST
      ? [make("p", { class: "small" }, t("lab.attempts.more", { count: behind.length - MOST }))]
      : []),
  ];
}

/**
 * The page, with this very attack.
 *
 * @param {Measured} run
 * @param {import("../../pkg/cpu/engine.js").AttackRecord} record
 */
function addressOf({ choice, samples, models }, record) {
  const {
    subject: { model, scale },
    settings,
  } = tasksOf(choice)[record.task];
  const plain = models.find(({ role }) => role === "undefended");
  const isPlain = model === plain && scale === null;
  const link = {
    ...emptyLink(),
    ...pickSettings(settings ?? choice.settings),
    data: choice.data,
    left: isPlain || !plain ? networkName(model) : networkName(plain),
    ...(isPlain || !plain ? {} : { right: networkName(model), kright: scale }),
    sample: samples[record.image].index,
    target: record.class,
    step: record.changes,
  };
  return new URL(`../../#${writeLink(link)}`, import.meta.url).href;
}
