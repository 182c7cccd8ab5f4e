/** The page on paper: one sheet with both panels, what was asked, the link that shows it again, and what to cite. */

import { isUntargeted } from "../domain/attacks.js";
import { DATASETS } from "../domain/datasets.js";
import { bibtex } from "../domain/papers.js";
import { must, setText } from "../page/dom.js";
import { className, language, t } from "../page/i18n.js";
import { summary } from "../panels/controls.js";
import { addressOf, linkOfState } from "../session/address.js";

/** Characters of a link that leave room for the rest of the sheet, and of one that can be cited as well. */
const MOST_LETTERS = 2400;
const MOST_CITED = 400;

/** The papers that the sheet lists. */
const CITED = /** @type {const} */ (["papernot2016limitations", "papernot2016distillation", "carlini2016defensive"]);

/** @param {import("../session/state.js").Store} store */
export function setUpPrint({ state, draw }) {
  addEventListener("beforeprint", () => {
    draw();
    const link = addressOf(linkOfState(state));
    setText(must("#sheet-about", HTMLElement), about(state));
    setText(
      must("#sheet-link", HTMLElement),
      link.length > MOST_LETTERS ? t("sheet.too-long", { count: link.length }) : link,
    );
    setText(must("#sheet-bibtex", HTMLElement), [bibtexOf(link), ...CITED.map(bibtex)].join("\n\n"));
  });
  // The theme, which hears of it first, has its colours back by now.
  addEventListener("afterprint", draw);
}

/** @param {import("../session/state.js").State} state */
function about({ data, settings, target }) {
  return t("sheet.about", {
    input: must("#input-caption", HTMLElement).textContent ?? "",
    target: isUntargeted(settings) ? t("untargeted") : className(DATASETS[data], target),
    settings: summary(settings),
    date: new Intl.DateTimeFormat(language(), { dateStyle: "long" }).format(),
  });
}

/** The run as something that can be cited. @param {string} link */
function bibtexOf(link) {
  const today = new Date();
  return `@misc{defensive-distillation,
  title = {${document.title}},
  url = {${link.length > MOST_CITED ? location.origin + location.pathname : link}},
  year = {${today.getFullYear()}},
  note = {Accessed ${today.toISOString().slice(0, 10)}}
}`;
}
