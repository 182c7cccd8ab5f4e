/** The status of a run: a text, the progress bar, and which of the buttons Run, Pause and Cancel are enabled. */
import { must, setDisabled, setText } from "../page/dom.js";
import { duration, percent, t } from "../page/i18n.js";
import { coreSeconds } from "./estimate.js";

/** @typedef {import("./run.js").Run} Run */

/** @param {ReturnType<typeof import("./backends.js").createBackends>} backends */
export function createStatus(backends) {
  /** @param {Run} run */
  function text(run) {
    const { records, total, state, pool } = run;
    const values = { done: records.length, total, share: percent(records.length / Math.max(1, total), 0) };
    if (state === "running" && pool.isPausedByHiddenTab()) return t("lab.status.resting", values);
    if (state !== "running") return t(`lab.status.${state}`, values);
    const made = run.made();
    // Before the first record the duration is estimated from the plan, then from the progress so far.
    const whole = made === 0 ? backends.estimate(run.backend, coreSeconds(run.choice)) : 0;
    if (!run.isPlanned || whole === null) return t("lab.status.starting", values);
    const share = (total - records.length) / Math.max(1, made === 0 ? total : made);
    const left = share * (made === 0 ? whole : run.workedMs() / 1000);
    return t("lab.status.running", { ...values, left: duration(left), workers: pool.size() });
  }

  /** @param {Run | null} run */
  function draw(run) {
    const isBusy = run?.state === "running" || run?.state === "paused";
    setDisabled(must("#lab-run", HTMLButtonElement), isBusy);
    setDisabled(must("#lab-pause", HTMLButtonElement), !isBusy);
    setDisabled(must("#lab-cancel", HTMLButtonElement), !isBusy);
    setText(must("#lab-pause", HTMLButtonElement), t(run?.state === "paused" ? "lab.resume" : "lab.pause"));
    must("#lab-progress", HTMLProgressElement).value = run ? run.records.length / Math.max(1, run.total) : 0;
    setText(must("#lab-status", HTMLElement), run ? text(run) : t("lab.status.none"));
    Object.assign(must("#lab", HTMLElement).dataset, {
      state: run?.state ?? "",
      done: String(run?.records.length ?? 0),
      total: String(run?.total ?? 0),
    });
  }

  return { text, draw };
}
