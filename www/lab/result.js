/** The result of an experiment: its chart, the same figures as a table, and the attempts that a cell counts. */
import { hasSetting } from "../domain/attacks.js";
import { setCitedText } from "../page/citations.js";
import { make, must, refill, setText } from "../page/dom.js";
import { t } from "../page/i18n.js";
import { fetchPaperFigures, NO_FIGURES } from "../page/paper-figures.js";
import { attemptsOfCell } from "./attempts.js";
import { drawDownloads } from "./downloads.js";
import { fetchPublished } from "./published.js";
import { paperRows } from "./reported.js";
import { createView, DEFAULT_OPTIONS } from "./views.js";

/**
 * @typedef {import("./plan.js").Choice} Choice
 *
 * @typedef {object} Shown
 * @property {Choice} choice The experiment that is shown.
 * @property {import("./run.js").Run | null} run The visitor's run of this experiment, if there is one.
 */

/** @param {() => Shown} shown */
export function createResult(shown) {
  /** @type {import("./views.js").ViewOptions} */
  let options = DEFAULT_OPTIONS;
  /** @type {import("./views.js").Cell | null} */
  let opened = null;
  /** This project's rows, and the choice that they belong to. @type {{ key: string, rows: import("./plan.js").Row[] }} */
  let published = { key: "", rows: [] };
  let papers = NO_FIGURES;

  /** Whether a pointer is pressed on the chart. Redrawing it now would remove the button before its click event. */
  let isPressed = false;
  for (const id of ["#lab-chart", "#lab-attempts"])
    must(id, HTMLElement).addEventListener("pointerdown", () => {
      isPressed = true;
    });
  for (const type of ["pointerup", "pointercancel"]) {
    // The click event comes after pointerup.
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
    // All attacks on all networks would be too many, so the comparison shows only the chosen networks.
    const isShown = (/** @type {import("./plan.js").Row} */ row) =>
      experiment !== "attacks"
      || subjects.some(({ model, scale }) =>
        row.role === "scaled"
          ? model.role === "undefended" && row.scale === scale
          : scale === null && row.role === model.role && row.temperature === model.temperature,
      );
    const ours = published.key === keyOf(choice) ? published.rows : [];
    const figures = {
      yours,
      ours: ours.filter(isShown),
      paper: paperRows(experiment, data, settings, papers).filter(isShown),
    };
    const view = createView(experiment, figures, { data, options, onOptions: changeOptions, onOpen: open });
    refill(must("#lab-chart", HTMLElement), ...(view.chart ? [view.chart] : []));
    must("#lab-legend", HTMLElement).replaceChildren(...view.legend);
    drawSelects(view.selects ?? []);
    const attempts = must("#lab-attempts", HTMLElement);
    attempts.tabIndex = -1;
    attempts.hidden = !run || !opened;
    refill(attempts, ...(run && opened ? attemptsOfCell(run, opened) : []));
    must("#lab-table-box", HTMLElement).hidden = view.body.length === 0;
    must("#lab-table", HTMLElement).replaceChildren(...(view.body.length > 0 ? [tableOf(view)] : []));
    drawDownloads(yours.length > 0);
  }

  /** @param {Partial<import("./views.js").ViewOptions>} changed */
  function changeOptions(changed) {
    options = { ...options, ...changed };
    opened = null;
    drawResult();
  }

  /** @param {import("./views.js").Cell} cell */
  function open(cell) {
    opened = cell;
    // The click has arrived, so redrawing is safe; the list has to be drawn before it can take the focus.
    isPressed = false;
    drawResult();
    must("#lab-attempts", HTMLElement).focus();
  }

  return {
    draw: drawResult,

    /** Fetches the published figures for what is shown, of the papers and of this project, and draws them. */
    async fetchFigures() {
      const { choice } = shown();
      const key = keyOf(choice);
      if (published.key === key) return;
      const [rows, figures] = await Promise.all([
        fetchPublished(choice.experiment, choice.data, choice.settings),
        fetchPaperFigures(),
      ]);
      papers = figures;
      if (keyOf(shown().choice) !== key) return;
      published = { key, rows };
      drawResult();
    },

    /** Resets what the visitor chose to see, since a new run has started. */
    reset() {
      options = DEFAULT_OPTIONS;
      opened = null;
    },
  };
}

/** @param {Choice} choice */
const keyOf = (choice) => JSON.stringify([choice.experiment, choice.data, choice.settings]);

/**
 * Redraws the menus only if their choices changed, so that an open menu stays open.
 *
 * @param {import("./views.js").Select[]} selects
 */
function drawSelects(selects) {
  const root = must("#lab-choice", HTMLElement);
  root.hidden = selects.length === 0;
  const key = JSON.stringify(selects);
  if (root.dataset.built === key) return;
  root.dataset.built = key;
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
