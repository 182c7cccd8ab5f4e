/** What is shown of an experiment: its chart, the same as a table, and the attempts behind a cell. */
import { hasSetting } from "../domain/attacks.js";
import { setCitedText } from "../page/citations.js";
import { make, must, refill, setText } from "../page/dom.js";
import { t } from "../page/i18n.js";
import { fetchPaperFigures, NO_FIGURES } from "../page/paper-figures.js";
import { attemptsBehind } from "./attempts.js";
import { drawDownloads } from "./downloads.js";
import { fetchPublished } from "./published.js";
import { reported } from "./reported.js";
import { draw, FIRST_LOOK } from "./views.js";

/**
 * @typedef {import("./plan.js").Choice} Choice
 *
 * @typedef {object} Shown
 * @property {Choice} choice What it is about.
 * @property {import("./run.js").Run | null} run The visitor's, if there is one about this.
 */

/** @param {() => Shown} shown */
export function createResult(shown) {
  /** @type {import("./views.js").Look} */
  let look = FIRST_LOOK;
  /** @type {import("./views.js").Cell | null} */
  let opened = null;
  /** This project's rows, and what they are about. @type {{ about: string, rows: import("./plan.js").Row[] }} */
  let published = { about: "", rows: [] };
  let papers = NO_FIGURES;

  /** Whether a pointer is down on what can be opened: drawn anew, it would not be clicked. */
  let isPressed = false;
  for (const id of ["#lab-chart", "#lab-attempts"])
    must(id, HTMLElement).addEventListener("pointerdown", () => {
      isPressed = true;
    });
  for (const type of ["pointerup", "pointercancel"]) {
    // The click comes after it.
    addEventListener(type, () =>
      setTimeout(() => {
        if (!isPressed) return;
        isPressed = false;
        drawResult();
      }),
    );
  }

  function drawResult() {
    if (isPressed) return;
    const { choice, run } = shown();
    const { data, experiment, settings, subjects } = choice;
    const yours = run?.rows ?? [];
    setText(must("#lab-result-title", HTMLElement), t(`lab.${experiment}.title`));
    const limit = hasSetting(settings.attack, "budget") ? t("lab.limit") : "";
    setCitedText(must("#lab-about", HTMLElement), t(`lab.${experiment}.about`, { limit }));
    // All attacks on all networks would be too many: there it is the networks that are chosen.
    const isShown = (/** @type {import("./plan.js").Row} */ row) =>
      experiment !== "attacks"
      || subjects.some(({ model, scale }) =>
        row.role === "scaled"
          ? model.role === "undefended" && row.scale === scale
          : scale === null && row.role === model.role && row.temperature === model.temperature,
      );
    const ours = published.about === aboutOf(choice) ? published.rows : [];
    const figures = {
      yours,
      ours: ours.filter(isShown),
      paper: reported(experiment, data, settings, papers).filter(isShown),
    };
    const view = draw(experiment, figures, { data, look, onLook: lookElsewhere, onOpen: open });
    refill(must("#lab-chart", HTMLElement), ...(view.chart ? [view.chart] : []));
    must("#lab-legend", HTMLElement).replaceChildren(...view.legend);
    drawSelects(view.selects ?? []);
    const attempts = must("#lab-attempts", HTMLElement);
    attempts.tabIndex = -1;
    attempts.hidden = !run || !opened;
    refill(attempts, ...(run && opened ? attemptsBehind(run, opened) : []));
    must("#lab-table-box", HTMLElement).hidden = view.body.length === 0;
    must("#lab-table", HTMLElement).replaceChildren(...(view.body.length > 0 ? [tableOf(view)] : []));
    drawDownloads(yours.length > 0);
  }

  /** @param {Partial<import("./views.js").Look>} wanted */
  function lookElsewhere(wanted) {
    look = { ...look, ...wanted };
    opened = null;
    drawResult();
  }

  /** @param {import("./views.js").Cell} cell */
  function open(cell) {
    opened = cell;
    // The press has become a click; what is not drawn yet could not take the focus.
    isPressed = false;
    drawResult();
    must("#lab-attempts", HTMLElement).focus();
  }

  return {
    draw: drawResult,

    /** Fetches what the papers and this project have published of what is shown, if that is not here yet. */
    async complete() {
      const { choice } = shown();
      const about = aboutOf(choice);
      if (published.about === about) return;
      const [rows, figures] = await Promise.all([
        fetchPublished(choice.experiment, choice.data, choice.settings),
        fetchPaperFigures(),
      ]);
      papers = figures;
      if (aboutOf(shown().choice) !== about) return;
      published = { about, rows };
      drawResult();
    },

    /** Another run has begun: what was chosen to be seen of the last is not there. */
    forget() {
      look = FIRST_LOOK;
      opened = null;
    },
  };
}

/** @param {Choice} choice */
const aboutOf = (choice) => JSON.stringify([choice.experiment, choice.data, choice.settings]);

/**
 * Drawn anew only when they offer something else, so that an open one stays open.
 *
 * @param {import("./views.js").Select[]} selects
 */
function drawSelects(selects) {
  const root = must("#lab-choice", HTMLElement);
  root.hidden = selects.length === 0;
  const now = JSON.stringify(selects);
  if (root.dataset.built === now) return;
  root.dataset.built = now;
  refill(
    root,
    ...selects.map(({ label, value, options, onChange }) => {
      const select = make(
        "select",
        { "aria-label": label },
        ...options.map(([name, words]) => make("option", { value: name }, words)),
      );
      select.value = value;
      select.addEventListener("change", () => onChange(select.value));
      return select;
    }),
  );
}

/** @param {import("./views.js").View} view */
function tableOf({ head, body }) {
  return make(
    "table",
    {},
    make("thead", {}, make("tr", {}, ...head.map((name) => make("th", { scope: "col" }, name)))),
    make(
      "tbody",
      {},
      ...body.map(([name, ...cells]) =>
        make("tr", {}, make("th", { scope: "row" }, name), ...cells.map((cell) => make("td", {}, cell))),
      ),
    ),
  );
}
