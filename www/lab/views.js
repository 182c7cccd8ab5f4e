/**
 * The view of each experiment: a chart, its legend, menus and a table with the same figures. Each shows up to three
 * sources side by side: the paper's figures, those that this project has published, and the visitor's own.
 */
import { DATASETS } from "../domain/datasets.js";
import { className, modelName, number, percent, percentInterval, t } from "../page/i18n.js";
import { barChart, barLegend, heatMap, histograms, legend, lineChart } from "./charts.js";
import { COMPARED_ATTACKS } from "./plan.js";
import { PAPER_EPSILON } from "./reported.js";

/**
 * @typedef {import("./plan.js").Row} Row
 * @typedef {import("./plan.js").Experiment} Experiment
 *
 * @typedef {object} Figures
 * @property {Row[]} yours The visitor's rows.
 * @property {Row[]} ours The rows that this project has published of the same attack.
 * @property {Row[]} paper
 *
 * @typedef {object} ViewOptions What the visitor has chosen to see.
 * @property {number} network The place of the network whose heat map is shown: the visitor's rows come first, then this
 * project's.
 * @property {typeof MEASURES[number]} measure What the heat map of source and target classes shows.
 * @property {'temperature' | 'epsilon'} axis The x axis of FGSM's errors.
 * @property {'yours' | 'ours'} whose
 *
 * @typedef {object} Context
 * @property {string} data
 * @property {ViewOptions} options
 * @property {(changed: Partial<ViewOptions>) => void} onOptions
 * @property {(cell: Cell) => void} onOpen
 *
 * @typedef {{ task: number, source?: number, target?: number }} Cell The attacks that a cell counts: those of a task, or
 * only those from one source class to one target class.
 *
 * @typedef {object} Select A menu that chooses what is shown.
 * @property {string} label
 * @property {string} value
 * @property {[value: string, text: string][]} options
 * @property {(value: string) => void} onChange
 *
 * @typedef {object} View
 * @property {Element | null} chart
 * @property {Element[]} legend
 * @property {Select[]} [selects]
 * @property {string[]} head
 * @property {string[][]} body
 */

/** What the heat map of source and target classes can show. */
export const MEASURES = /** @type {const} */ (["rate", "distortion_successes", "hardness", "distance", "vanished"]);

/** The least share of attempts with a vanished gradient that a cell mentions. */
const LEAST_NOTED = 0.005;
/** A share of fewer images than this is marked as unreliable. */
const FEW_IMAGES = 10;

/** The share of a row's attempts in which the gradient vanished. @param {Row} row */
const vanishedShare = ({ attempts, measured, outcomes }) =>
  (outcomes?.gradient_vanished ?? 0) / Math.max(1, attempts ?? measured ?? 1);

const TEMPERATURES = [1, 2, 5, 10, 20, 40, 100];

/** @type {ViewOptions} */
export const DEFAULT_OPTIONS = { network: 0, measure: "rate", axis: "temperature", whose: "yours" };

/** The name of the network that a row measured. @param {Row} row */
const rowName = ({ role, temperature, scale }) =>
  role === "scaled" ? modelName({ role: "undefended", temperature }, scale) : modelName({ role, temperature });

/** Identifies a row's network: equal for two rows of the same network. @param {Row} row */
const networkKey = ({ role, temperature, scale }) => `${role} ${temperature} ${scale}`;

/** One row for each network. @param {Row[]} rows */
const onePerNetwork = (rows) => [...new Map(rows.map((row) => [networkKey(row), row])).values()];

/** How many of a row's planned measurements are done. @param {Experiment} experiment @param {Row} row */
export function progressOf(experiment, row) {
  if (experiment === "robustness") return { done: row.measured + row.misread, of: row.images };
  if (experiment === "amplitude" || experiment === "fgsm") return { done: row.measured, of: row.planned };
  return { done: row.attempts + row.already_target, of: row.planned };
}

/** @param {Experiment} experiment @param {Figures} figures @param {Context} context @returns {View} */
export function createView(experiment, figures, context) {
  const view = VIEWS[experiment](figures, context);
  const done = figures.yours.map((row) => progressOf(experiment, row));
  const isPartial = done.some(({ done, of }) => done < of);
  const sum = (/** @type {'done' | 'of'} */ field) => done.reduce((all, each) => all + each[field], 0);
  return {
    ...view,
    legend: [
      ...(isPartial ? [legendText(t("lab.partial.chart", { done: sum("done"), of: sum("of") }), "partial")] : []),
      ...view.legend,
    ],
  };
}

/** @param {[number, number] | null | undefined} interval @param {number} [digits] */
const intervalText = (interval, digits) => (interval ? ` (${percentInterval(interval, digits)})` : "");
/** @param {number | null | undefined} share @param {number} [digits] */
const shareText = (share, digits = 1) => (share === null || share === undefined ? "–" : percent(share, digits));
/** @param {number | undefined} value */
const countText = (value) => (value === undefined ? "–" : number(value));
/** @param {...string} names */
const headings = (...names) => names.map((name) => t(`lab.head.${name}`));

/**
 * The rows of the table: for each network the paper's, this project's and the visitor's, one below the other.
 *
 * @param {Experiment} experiment
 * @param {Figures} figures
 * @param {(row: Row) => string[]} cells
 */
function tableRows(experiment, { yours, ours, paper }, cells) {
  const order = (/** @type {Row} */ { role, temperature, scale, epsilon = 0 }) =>
    1e6 * ROLES.findIndex((each) => each.role === role) + 1e3 * Math.max(temperature, scale) + epsilon;
  const lines = [
    ...paper.map((row) => ({ row, by: t("lab.by.paper", { source: row.source }) })),
    ...ours.map((row) => ({ row, by: t("lab.by.ours") })),
    ...yours.map((row) => {
      const { done, of } = progressOf(experiment, row);
      return { row, by: done < of ? t("lab.partial", { name: t("lab.by.yours"), done, of }) : t("lab.by.yours") };
    }),
  ];
  return lines.sort((a, b) => order(a.row) - order(b.row)).map(({ row, by }) => [rowName(row), by, ...cells(row)]);
}

const ROLES = /** @type {const} */ ([
  { role: "undefended", mark: "square" },
  { role: "distilled", mark: "circle" },
  { role: "teacher", mark: "triangle" },
  { role: "scaled", mark: "diamond" },
]);

/** The paper's points are drawn as crosses. */
const PAPER_MARKS = /** @type {const} */ (["plus", "cross"]);

/**
 * A line chart of rates against the temperature of the training, or against k for the scaled controls.
 *
 * @param {Figures} figures
 * @param {string} y
 * @param {string} title
 */
function chartByTemperature({ yours, ours, paper }, y, title) {
  const pick = (/** @type {Row[]} */ of, /** @type {string} */ role) =>
    of
      .filter((row) => row.role === role && (row.attempts ?? row.measured ?? 1) > 0)
      .map((row) => ({
        x: role === "scaled" ? row.scale : row.temperature,
        y: row.rate,
        interval: row.interval,
        isHollow: vanishedShare(row) > 0.5,
      }));
  const name = (/** @type {string} */ whose, /** @type {string} */ role) =>
    t(`lab.series.${whose}`, { role: t(`lab.role.${role}`), source: paper[0]?.source ?? "" });
  /** @type {import("./charts.js").Series[]} */
  const series = [
    ...ROLES.slice(0, 2).map(({ role }, place) => ({
      name: name("paper", role),
      cssClass: "chart-paper",
      mark: PAPER_MARKS[place],
      isJoined: true,
      points: pick(paper, role),
    })),
    ...ROLES.map(({ role, mark }) => ({
      name: name("published", role),
      cssClass: "chart-published",
      mark,
      isJoined: role === "scaled",
      points: pick(ours, role),
    })),
    ...ROLES.map(({ role, mark }) => ({
      name: name("yours", role),
      cssClass: role === "scaled" ? "chart-scaled" : "chart-yours",
      mark,
      isJoined: role === "scaled" || role === "distilled",
      points: pick(yours, role),
    })),
  ].filter(({ points }) => points.length > 0);
  return {
    chart: lineChart({
      series,
      x: { ticks: TEMPERATURES, isLog: true, label: t("lab.axis.temperature") },
      y,
      format: (value) => percent(value, 0),
      title,
    }),
    legend: [...legend(series), ...hollowLegend(series)],
  };
}

/** Explains hollow marks, if the chart has any. @param {import("./charts.js").Series[]} series */
const hollowLegend = (series) =>
  series.some(({ points }) => points.some(({ isHollow }) => isHollow)) ? [legendText(t("lab.legend.hollow"))] : [];

/** @type {Record<Experiment, (figures: Figures, context: Context) => View>} */
const VIEWS = {
  success(figures) {
    return {
      ...chartByTemperature(figures, t("lab.axis.success"), t("lab.success.title")),
      head: headings("network", "by", ...SUCCESS),
      body: tableRows("success", figures, successCells),
    };
  },

  attacks(figures, { options, onOptions, onOpen }) {
    const { whose, rows, selects } = chooseRows(figures, options, onOptions);
    const networks = onePerNetwork(rows);
    const cellOf = (/** @type {Row} */ like, /** @type {Row} */ network) => {
      const task = rows.findIndex((row) => networkKey(row) === networkKey(network) && isSameAttack(row, like));
      if (task < 0 || rows[task].attempts === 0) return null;
      const { rate, attempts } = rows[task];
      const label = t("lab.attacks.cell", {
        attack: attackName(like),
        network: rowName(network),
        value: percent(rate, 1),
        count: attempts,
      });
      const vanished = vanishedShare(rows[task]);
      const note = vanished > LEAST_NOTED ? t("lab.heat.vanished", { share: percent(vanished, 0) }) : "";
      return {
        share: rate,
        text: percent(rate, 0),
        note,
        label,
        isVanished: vanished > 0.5,
        ...(whose === "yours" ? { onOpen: () => onOpen({ task }) } : {}),
      };
    };
    const compared = [...COMPARED_ATTACKS, { attack: "transfer" }].filter((like) =>
      rows.some((row) => isSameAttack(row, like)),
    );
    return {
      chart:
        rows.length > 0
          ? heatMap({
              caption: t(`lab.attacks.caption.${whose}`),
              corner: t("settings.title"),
              columns: networks.map(rowName),
              rows: compared.map((like) => ({
                name: attackName(like),
                cells: networks.map((network) => cellOf(like, network)),
              })),
            })
          : null,
      legend: rows.length > 0 ? [legendText(t("lab.attacks.legend"))] : [],
      selects,
      head: headings("network", "by", "attack", ...SUCCESS),
      body: tableRows("attacks", figures, (row) => [attackName(row), ...successCells(row)]),
    };
  },

  robustness(figures) {
    const { yours, ours, paper } = figures;
    const all = [...paper, ...ours, ...yours];
    const variants = /** @type {const} */ ([
      [yours, ""],
      [ours, " chart-bar-ours"],
    ]);
    const networks = networksInOrder(all);
    const rows = networks.map((network) => {
      const of = (/** @type {Row[]} */ rows) => rows.find((row) => networkKey(row) === networkKey(network));
      const bars = variants.flatMap(([rows, cssClass]) => {
        const row = of(rows);
        return [
          row && row.robustness !== null
            ? { share: row.robustness, interval: row.interval, cssClass: `chart-bar-0${cssClass}` }
            : null,
          row && row.robustness_of_successes !== null
            ? {
                share: row.robustness_of_successes,
                interval: row.interval_of_successes,
                cssClass: `chart-bar-1${cssClass}`,
              }
            : null,
        ];
      });
      const [reported, shown] = [of(paper), of(yours) ?? of(ours)];
      return {
        name: rowName(network),
        bars: [...bars, reported ? { share: reported.robustness, cssClass: "chart-bar-paper" } : null].filter(
          (bar) => bar !== null,
        ),
        text:
          shown && shown.robustness !== null
            ? `${shareText(shown.robustness, 2)} · ${shareText(shown.robustness_of_successes, 2)}`
            : reported
              ? shareText(reported.robustness, 2)
              : "",
      };
    });
    const caps = [...yours, ...ours].map((row) => row.cap);
    const [cap] = caps;
    const most = Math.max(cap ?? 0, ...all.map((row) => row.robustness ?? 0));
    const keys = [
      ...(yours.length > 0
        ? [
            ["yours-capped", "chart-bar-0"],
            ["yours-dropped", "chart-bar-1"],
          ]
        : []),
      ...(ours.length > 0
        ? [
            ["ours-capped", "chart-bar-0 chart-bar-ours"],
            ["ours-dropped", "chart-bar-1 chart-bar-ours"],
          ]
        : []),
      ...(paper.length > 0 ? [["paper", "chart-bar-paper"]] : []),
    ];
    return {
      chart:
        rows.length > 0 ? barChart({ rows, most: 1.1 * (most || 1), cap, title: t("lab.robustness.title") }) : null,
      legend:
        rows.length > 0
          ? [
              ...barLegend(keys.map(([name, cssClass]) => ({ name: t(`lab.bar.${name}`), cssClass }))),
              legendText(t("lab.robustness.legend")),
            ]
          : [],
      head: headings("network", "by", "images", "capped", "dropped", "failures", "all-vanished", "misread"),
      body: tableRows("robustness", figures, (row) => [
        countText(row.measured),
        shareText(row.robustness, 2) + intervalText(row.interval, 2),
        shareText(row.robustness_of_successes, 2) + intervalText(row.interval_of_successes, 2),
        countText(row.failures),
        countText(row.gradient_vanished),
        countText(row.misread),
      ]),
    };
  },

  pairs(figures, { data, options, onOptions, onOpen }) {
    const { yours, ours } = figures;
    const { measure } = options;
    const all = [...yours, ...ours];
    const place = Math.min(options.network, all.length - 1);
    const row = all[place];
    const classes = DATASETS[data].classes.map((_, label) => className(DATASETS[data], label));
    const isShare = measure === "rate" || measure === "vanished";
    const most =
      isShare || !row ? 1 : Math.max(1e-9, ...row.cells.map((/** @type {any} */ cell) => cell[measure] ?? 0));
    const cell = (/** @type {number} */ source, /** @type {number} */ target) => {
      const found = row.cells.find((/** @type {any} */ each) => each.source === source && each.target === target);
      if (!found) return null;
      const value = measure === "vanished" ? found.gradient_vanished / found.attempts : found[measure];
      // A low rate because of vanished gradients does not mean that the network resisted, so the cell mentions them.
      const vanished = measure === "rate" ? found.gradient_vanished / found.attempts : 0;
      const note = vanished > LEAST_NOTED ? `∅ ${number(100 * vanished, { maximumFractionDigits: 0 })}` : "";
      const text =
        value === null
          ? "·"
          : number(100 * value, {
              maximumFractionDigits: measure === "distortion_successes" || measure === "hardness" ? 1 : 0,
            });
      const label = t("lab.pairs.cell", {
        source: classes[source],
        target: classes[target],
        measure: t(`lab.measure.${measure}`),
        value: value === null ? "–" : percent(value, 1),
        count: found.attempts,
      });
      return {
        share: value === null ? null : value / most,
        text,
        note,
        label: note ? `${label} ${t("lab.heat.vanished", { share: percent(vanished, 0) })}.` : label,
        isVanished: vanished > 0.5,
        ...(place < yours.length ? { onOpen: () => onOpen({ task: place, source, target }) } : {}),
      };
    };
    const title = (/** @type {Row} */ of, /** @type {number} */ at) =>
      `${t(at < yours.length ? "lab.by.yours" : "lab.by.ours")}: ${rowName(of)}`;
    const mean = (/** @type {Row} */ of, /** @type {string} */ field) => {
      const values = of.cells
        .map((/** @type {any} */ each) => each[field])
        .filter((/** @type {number | null} */ value) => value !== null);
      return values.length > 0
        ? percent(
            values.reduce((/** @type {number} */ sum, /** @type {number} */ value) => sum + value, 0) / values.length,
            1,
          )
        : "–";
    };
    return {
      chart: row
        ? heatMap({
            caption: t("lab.pairs.caption", { network: title(row, place), measure: t(`lab.measure.${measure}`) }),
            corner: t("lab.pairs.corner"),
            columns: classes,
            rows: classes.map((name, source) => ({ name, cells: classes.map((_, target) => cell(source, target)) })),
          })
        : null,
      legend: row ? [legendText(t("lab.pairs.legend")), legendText(t("lab.pairs.paper"))] : [],
      selects: row
        ? [
            {
              label: t("lab.head.network"),
              value: String(place),
              options: all.map((each, at) => /** @type {[string, string]} */ ([String(at), title(each, at)])),
              onChange: (value) => onOptions({ network: Number(value) }),
            },
            {
              label: t("lab.measure"),
              value: measure,
              options: MEASURES.map((name) => /** @type {[string, string]} */ ([name, t(`lab.measure.${name}`)])),
              onChange: (value) => onOptions({ measure: MEASURES.find((name) => name === value) ?? "rate" }),
            },
          ]
        : [],
      head: headings("network", "by", "attempts", "fooled", "rate", "vanished", "changed", "hardness", "distance"),
      body: tableRows("pairs", figures, (each) => [
        number(each.attempts),
        number(each.successes),
        shareText(each.rate) + intervalText(each.interval),
        number(each.outcomes.gradient_vanished),
        mean(each, "distortion_successes"),
        mean(each, "hardness"),
        mean(each, "distance"),
      ]),
    };
  },

  amplitude(figures) {
    const { yours, ours, paper } = figures;
    const bins = ["0", "1e−40", "1e−35", "1e−30", "1e−25", "1e−20", "1e−15", "1e−10", "1e−5", "1e−3"];
    const rows = networksInOrder([...ours, ...yours]).map((network) => {
      const of = (/** @type {Row[]} */ rows) =>
        rows.find((row) => networkKey(row) === networkKey(network) && row.measured !== 0);
      const bars = [
        { row: of(yours), cssClass: "chart-bar-0" },
        { row: of(ours), cssClass: "chart-bar-0 chart-bar-ours" },
      ];
      const shown = [...bars.map(({ row }) => row), of(paper)].map((row) => row?.below_1e_40);
      const texts = ["yours", "ours", "paper"].map((whose, place) =>
        shown[place] === undefined
          ? ""
          : `${t(`lab.by.${whose}`, { source: of(paper)?.source ?? "" })} ${percent(shown[place], 1)}`,
      );
      return {
        name: rowName(network),
        bars: bars.flatMap(({ row, cssClass }) =>
          row ? [{ shares: row.counts.map((/** @type {number} */ count) => count / row.measured), cssClass }] : [],
        ),
        text: t("lab.amplitude.below", { share: texts.filter((each) => each !== "").join(" · ") }),
      };
    });
    const keys = [
      ...(yours.length > 0 ? [["yours", "chart-bar-0"]] : []),
      ...(ours.length > 0 ? [["ours", "chart-bar-0 chart-bar-ours"]] : []),
    ];
    return {
      chart: rows.length > 0 ? histograms({ bins, title: t("lab.amplitude.title"), rows }) : null,
      legend:
        rows.length > 0
          ? [
              ...barLegend(keys.map(([name, cssClass]) => ({ name: t(`lab.by.${name}`), cssClass }))),
              legendText(t("lab.amplitude.legend")),
            ]
          : [],
      head: headings("network", "by", "images", "below", "above", "zero"),
      body: tableRows("amplitude", figures, (row) => [
        countText(row.measured),
        shareText(row.below_1e_40) + intervalText(row.below_interval),
        shareText(row.above_1e_3) + intervalText(row.above_interval),
        countText(row.zero),
      ]),
    };
  },

  fgsm(figures, { options, onOptions }) {
    const near = (/** @type {Row} */ row) => Math.abs(row.epsilon - PAPER_EPSILON) < 1e-6;
    const { yours, ours, paper } = figures;
    const drawn =
      options.axis === "temperature"
        ? chartByTemperature(
            { yours: yours.filter(near), ours: ours.filter(near), paper },
            t("lab.axis.error"),
            t("lab.fgsm.title"),
          )
        : chartByEpsilon(figures);
    return {
      ...drawn,
      selects: [
        {
          label: t("lab.axis"),
          value: options.axis,
          options: [
            ["temperature", t("lab.fgsm.temperature", { epsilon: PAPER_EPSILON })],
            ["epsilon", t("lab.fgsm.epsilon")],
          ],
          onChange: (value) => onOptions({ axis: value === "epsilon" ? "epsilon" : "temperature" }),
        },
      ],
      head: headings("network", "by", "epsilon", "images", "errors", "vanished", "misread"),
      body: tableRows("fgsm", figures, (row) => [
        number(row.epsilon, { maximumFractionDigits: 2 }),
        countText(row.measured),
        (row.isBelow ? "< " : "") + shareText(row.rate) + intervalText(row.interval),
        countText(row.outcomes?.gradient_vanished),
        countText(row.misread),
      ]),
    };
  },

  transfer(figures, { options, onOptions, onOpen }) {
    const { whose, rows, selects } = chooseRows(figures, options, onOptions);
    const from = onePerNetwork(rows);
    const to = onePerNetwork(rows.map((row) => row.to));
    const cell = (/** @type {Row} */ one, /** @type {number} */ task, /** @type {Row} */ other) => {
      const row = rows.find(
        (each) => networkKey(each) === networkKey(one) && networkKey(each.to) === networkKey(other),
      );
      if (!row || row.shown === 0) return null;
      const label = t("lab.transfer.cell", {
        from: rowName(one),
        to: rowName(other),
        value: percent(row.misread_rate, 1),
        count: row.shown,
      });
      return {
        share: row.misread_rate,
        text: percent(row.misread_rate, 0),
        note: `n = ${number(row.shown)}`,
        label,
        isFew: row.shown < FEW_IMAGES,
        ...(whose === "yours" ? { onOpen: () => onOpen({ task }) } : {}),
      };
    };
    return {
      chart:
        rows.length > 0
          ? heatMap({
              caption: t("lab.transfer.caption"),
              corner: t("lab.transfer.corner"),
              columns: to.map(rowName),
              rows: from.map((one, task) => ({ name: rowName(one), cells: to.map((other) => cell(one, task, other)) })),
            })
          : null,
      legend: rows.length > 0 ? [legendText(t("lab.transfer.legend")), legendText(t("lab.transfer.paper"))] : [],
      selects,
      head: headings("from", "by", "to", "shown", "misread-rate", "reached", "vanished"),
      body: tableRows("transfer", figures, (row) => [
        rowName(row.to),
        number(row.shown),
        row.shown === 0 ? "–" : shareText(row.misread_rate) + intervalText(row.misread_interval),
        row.shown === 0 ? "–" : shareText(row.rate) + intervalText(row.interval),
        number(row.outcomes.gradient_vanished),
      ]),
    };
  },
};

const SUCCESS = ["attempts", "fooled", "rate", "spent", "no-move", "vanished", "changed"];

/** @param {Row} row */
const successCells = ({ attempts, successes, rate, interval, outcomes, distortion_successes: changed }) => [
  countText(attempts),
  countText(successes),
  shareText(rate) + intervalText(interval),
  countText(outcomes?.budget_spent),
  countText(outcomes?.no_admissible_pair),
  countText(outcomes?.gradient_vanished),
  shareText(changed),
];

/** @param {Row} row @param {Row} other */
const isSameAttack = (row, other) =>
  row.attack === other.attack && (!row.direction || !other.direction || row.direction === other.direction);

/** An attack's name, with its direction if the attack is compared in several. @param {Row} row */
function attackName({ attack, direction }) {
  const several = COMPARED_ATTACKS.filter((each) => each.attack === attack).length > 1;
  return several && direction
    ? t("lab.attacks.way", { attack: t(`attack.${attack}`), direction: t(`direction.${direction}`) })
    : t(`attack.${attack}`);
}

/**
 * The visitor's rows or this project's, as the visitor chose, and the menu for that choice if both exist.
 *
 * @param {Figures} figures
 * @param {ViewOptions} options
 * @param {Context["onOptions"]} onOptions
 */
function chooseRows({ yours, ours }, options, onOptions) {
  const whose = yours.length > 0 ? options.whose : "ours";
  return {
    whose,
    rows: whose === "yours" ? yours : ours,
    selects: yours.length > 0 && ours.length > 0 ? [whoseSelect(whose, onOptions)] : [],
  };
}

/** @param {ViewOptions["whose"]} whose @param {Context["onOptions"]} onOptions @returns {Select} */
const whoseSelect = (whose, onOptions) => ({
  label: t("lab.head.by"),
  value: whose,
  options: [
    ["yours", t("lab.by.yours")],
    ["ours", t("lab.by.ours")],
  ],
  onChange: (value) => onOptions({ whose: value === "ours" ? "ours" : "yours" }),
});

/** One row of each network, in the order of the tables. @param {Row[]} rows */
function networksInOrder(rows) {
  const networks = onePerNetwork(rows);
  const place = (/** @type {Row} */ { role, temperature, scale }) =>
    1e6 * ROLES.findIndex((each) => each.role === role) + Math.max(temperature, scale);
  return networks.sort((a, b) => place(a) - place(b));
}

/**
 * A line chart of FGSM's error rates against ε, one line for each network. The lines are the visitor's, with this
 * project's beside them, or this project's alone if the visitor has none.
 *
 * @param {Figures} figures
 */
function chartByEpsilon({ yours, ours, paper }) {
  const marks = /** @type {const} */ (["circle", "square", "diamond", "triangle"]);
  const rows = yours.length > 0 ? yours : ours;
  const point = (/** @type {Row} */ row) => ({
    x: row.epsilon,
    y: row.rate,
    interval: row.interval,
    isHollow: vanishedShare(row) > 0.5,
  });
  const networks = networksInOrder(rows);
  const of = (/** @type {Row[]} */ all, /** @type {Row} */ network) =>
    all.filter((row) => networkKey(row) === networkKey(network) && row.measured !== 0).map(point);
  /** @type {import("./charts.js").Series[]} */
  const series = networks
    .flatMap((network, place) => {
      const line = { cssClass: `chart-series-${place % 6}`, mark: marks[place % 4] };
      const name = (/** @type {string} */ by, source = 0) => `${rowName(network)}, ${t(`lab.by.${by}`, { source })}`;
      return [
        { ...line, name: name(yours.length > 0 ? "yours" : "ours"), isJoined: true, points: of(rows, network) },
        { ...line, name: name("ours"), cssClass: "chart-published", points: yours.length > 0 ? of(ours, network) : [] },
        {
          ...line,
          name: name("paper", paper[0]?.source),
          cssClass: "chart-paper",
          mark: PAPER_MARKS[1],
          points: of(paper, network),
        },
      ];
    })
    .filter(({ points }) => points.length > 0);
  return {
    chart: lineChart({
      series,
      x: { ticks: [0, 0.05, 0.1, 0.2, 0.3], isLog: false, label: t("lab.axis.epsilon") },
      y: t("lab.axis.error"),
      format: (value) => percent(value, 0),
      title: t("lab.fgsm.title"),
    }),
    legend: [...legend(series), ...hollowLegend(series)],
  };
}

/** A text below the chart. @param {string} text @param {string} [cssClass] */
function legendText(text, cssClass = "") {
  const element = document.createElement("span");
  element.className = cssClass;
  element.textContent = text;
  return element;
}
