/** The list of the attacks that a chart's cell counts; each links to the page, which runs it again step by step. */
import { settingsForLink } from "../domain/attacks.js";
import { DATASETS } from "../domain/datasets.js";
import { networkName } from "../domain/networks.js";
import { pickSettings } from "../domain/settings.js";
import { emptyLink, writeLink } from "../link/link.js";
import { make } from "../page/dom.js";
import { className, t } from "../page/i18n.js";
import { tasksOf } from "./plan.js";

/** How many attacks are listed at most. */
const MAX_LISTED = 20;

/**
 * @typedef {object} Measured What a run measured.
 * @property {import("./plan.js").Choice} choice
 * @property {import("../page/samples.js").Sample[]} samples The attacked samples.
 * @property {import("../pool/pool.js").ExperimentRecord[]} records
 * @property {import("./plan.js").ManifestEntry[]} models All networks of the data set.
 */

/** @param {Measured} run @param {import("./views.js").Cell} cell @returns {Node[]} */
export function attemptsOfCell(run, { task, source, target }) {
  const {
    choice: { data },
    samples,
    records,
  } = run;
  const name = (/** @type {number} */ label) => className(DATASETS[data], label);
  const attempts = records
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
      ...attempts.slice(0, MAX_LISTED).map((record) => {
        const { index, label } = samples[record.image];
        const text = t(target === undefined ? "lab.attempt.of" : "lab.attempt", {
          index,
          source: name(label),
          target: name(record.class),
          outcome: t(`lab.outcome.${record.outcome}`),
          changed: record.features_changed,
        });
        return make("li", {}, make("a", { href: addressOf(run, record) }, text));
      }),
    ),
    ...(attempts.length > MAX_LISTED
      ? [make("p", { class: "small" }, t("lab.attempts.more", { count: attempts.length - MAX_LISTED }))]
      : []),
  ];
}

/**
 * The address of the page with this attack's image, network, settings and last step.
 *
 * @param {Measured} run
 * @param {import("../../pkg/cpu/engine.js").AttackRecord} record
 */
function addressOf({ choice, samples, models }, record) {
  const {
    subject: { model, scale },
    settings,
  } = tasksOf(choice)[record.task];
  const undefended = models.find(({ role }) => role === "undefended");
  const isUndefended = model === undefended && scale === null;
  const link = {
    ...emptyLink(),
    ...settingsForLink(pickSettings(settings ?? choice.settings)),
    data: choice.data,
    left: isUndefended || !undefended ? networkName(model) : networkName(undefended),
    ...(isUndefended || !undefended ? {} : { right: networkName(model), kright: scale }),
    sample: samples[record.image].index,
    target: record.class,
    step: record.changes,
  };
  return new URL(`../../#${writeLink(link)}`, import.meta.url).href;
}
