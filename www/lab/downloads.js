/** The lab's downloads: the visitor's figures as CSV, JSON and PNG, and BibTeX entries of the cited papers. */
import { MNIST } from "../domain/datasets.js";
import { bibtex, PAPER_KEYS } from "../domain/papers.js";
import { readsBack } from "../page/canvas.js";
import { must, setDisabled } from "../page/dom.js";
import { explain } from "../page/errors.js";
import { t } from "../page/i18n.js";
import { copyText, saveFile } from "../page/save.js";
import { loadChoice, saveChoice } from "../page/storage.js";
import { toCsv, toJson, toPng } from "./formats.js";
import { showMessage } from "./message.js";

/** The key of the saved choice of a decimal comma. */
const COMMA = "csv-comma";

/**
 * @param {() => import("./run.js").Run | null} shown Returns the run whose figures are shown.
 * @param {(run: import("./run.js").Run) => string} statusText
 */
export function setUpDownloads(shown, statusText) {
  const comma = must("#lab-comma", HTMLInputElement);
  comma.checked = loadChoice(COMMA) === "true";
  comma.addEventListener("change", () => saveChoice(COMMA, String(comma.checked)));
  /** @type {Record<string, (run: import("./run.js").Run) => Blob | Promise<Blob>>} */
  const files = {
    csv: ({ rows }) => toCsv(rows, comma.checked),
    json: ({ rows }) => toJson(rows),
    png: (run) =>
      toPng(must("#lab-chart > *", Element), [
        t(`lab.${run.choice.experiment}.title`),
        statusText(run),
        ...[...document.querySelectorAll("#lab-legend > *")].map((each) => each.textContent ?? ""),
      ]),
  };
  for (const [ending, file] of Object.entries(files)) {
    const button = must(`#lab-${ending}`, HTMLButtonElement);
    button.addEventListener("click", async () => {
      const run = shown();
      if (!run || run.rows.length === 0) return;
      if (ending === "png" && !readsBack()) return showMessage(t("share.failed", { reason: t("share.protected") }));
      try {
        saveFile(`${fileName(run)}.${ending}`, await file(run));
      } catch (error) {
        showMessage(explain(/** @type {Error} */ (error)));
      }
    });
  }
  const text = must("#lab-bibtex", HTMLTextAreaElement);
  text.value = `${PAPER_KEYS.map(bibtex).join("\n\n")}\n`;
  must("#lab-bibtex-copy", HTMLButtonElement).addEventListener("click", async () => {
    if (await copyText(text)) showMessage(t("share.copied"));
  });
}

/** @param {import("./run.js").Run} run */
const fileName = ({ choice: { data, experiment }, state }) =>
  [...(data === MNIST ? [] : [data]), experiment, ...(state === "done" ? [] : ["partial"])].join("-");

/** @param {boolean} hasRows Whether there are figures to download. */
export function drawDownloads(hasRows) {
  for (const name of ["csv", "json", "png"]) setDisabled(must(`#lab-${name}`, HTMLButtonElement), !hasRows);
}
