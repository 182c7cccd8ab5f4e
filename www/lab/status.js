/** How a run stands: in words, as a bar, and in what can be done about it. */
import { must, setText } from "../page/dom.js";
import { duration, percent, t } from "../page/i18n.js";
import { workOf } from "./plan.js";

/** @typedef {import("./run.js").Run} Run */

/** @param {ReturnType<typeof import("./backends.js").createBackends>} backends */
export function createStatus(backends) {
  /** @param {Run} run */
  function words(run) {
    const { records, total, state, pool } = run;
    const values = { done: records.length, total, share: percent(records.length / Math.max(1, total), 0) };
    if (state === "running" && pool.isPausedByHiddenTab()) return t("lab.status.resting", values);
    if (state !== "running") return t(`lab.status.${state}`, values);
    const worked = run.worked() / 1000;
    // Until something is done, the estimate has to do.
    const all =
      records.length === 0 ? backends.estimate(run.backend, workOf(run.choice)) : (worked * total) / records.length;
    if (!run.isPlanned || all === null) return t("lab.status.starting", values);
    return t("lab.status.running", { ...values, left: duration(all - worked), workers: pool.size() });
  }

  /** @param {Run | null} run */
  function draw(run) {
    const isBusy = run?.state === "running" || run?.state === "paused";
    must("#lab-run", HTMLButtonElement).ariaDisabled = String(isBusy);
    must("#lab-pause", HTMLButtonElement).ariaDisabled = String(!isBusy);
    must("#lab-cancel", HTMLButtonElement).ariaDisabled = String(!isBusy);
    setText(must("#lab-pause", HTMLButtonElement), t(run?.state === "paused" ? "lab.resume" : "lab.pause"));
    must("#lab-progress", HTMLProgressElement).value = run ? run.records.length / Math.max(1, run.total) : 0;
    setText(must("#lab-status", HTMLElement), run ? words(run) : t("lab.status.none"));
    Object.assign(must("#lab", HTMLElement).dataset, {
      state: run?.state ?? "",
      done: String(run?.records.length ?? 0),
      total: String(run?.total ?? 0),
    });
  }

  return { words, draw };
}
