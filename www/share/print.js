/** The printed page: one sheet with both panels, the attack's settings, a link to this view, and BibTeX entries. */

import { isUntargeted } from "../domain/attacks.js";
import { DATASETS } from "../domain/datasets.js";
import { bibtex } from "../domain/papers.js";
import { must, setText } from "../page/dom.js";
import { className, language, t } from "../page/i18n.js";
import { summary } from "../panels/controls.js";
import { addressOf, linkOfState } from "../session/address.js";

/** The longest link that is printed, in characters: a longer one would push the rest off the sheet. */
const LONGEST_LINK = 2400;
/** The longest link that is used in the BibTeX entry. */
const LONGEST_CITED_LINK = 400;

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
      link.length > LONGEST_LINK ? t("sheet.too-long", { count: link.length }) : link,
    );
    setText(must("#sheet-bibtex", HTMLElement), [bibtexOf(link), ...CITED.map(bibtex)].join("\n\n"));
  });
  // The theme's own listener runs first and has restored the screen colours by now.
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

/** A BibTeX entry for this run. @param {string} link */
function bibtexOf(link) {
  const today = new Date();
  return `@misc{defensive-distillation,
  title = {${document.title}},
  url = {${link.length > LONGEST_CITED_LINK ? location.origin + location.pathname : link}},
  year = {${today.getFullYear()}},
  note = {Accessed ${today.toISOString().slice(0, 10)}}
}`;
}
