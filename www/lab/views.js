/**
 * What each experiment shows: its chart, what the marks mean, and the same figures as a table. Three
 * stand beside each other wherever there are three: the paper's figures, those that this project has
 * published, and the visitor's own.
 */
import { DATASETS } from "../domain/datasets.js";
import { className, modelName, number, percent, percentInterval, t } from "../page/i18n.js";
import { barChart, barLegend, heatMap, histograms, legend, lineChart } from "./charts.js";
import { LINEUP } from "./plan.js";
import { PAPER_EPSILON } from "./reported.js";

/**
 * @typedef {import("./plan.js").Row} Row
 * @typedef {import("./plan.js").Experiment} Experiment
 *
 * @typedef {object} Figures
 * @property {Row[]} yours
 * @property {Row[]} ours What this project has published of the same attack.
 * @property {Row[]} paper
 *
 * @typedef {object} Look What of it is on show.
 * @property {number} network Which network's heat map: yours come first, then this project's.
 * @property {typeof MEASURES[number]} measure What a heat map of source and target is about.
 * @property {'temperature' | 'epsilon'} axis What FGSM's errors are drawn against.
 * @property {'yours' | 'ours'} whose
 *
 * @typedef {object} Context
 * @property {string} data
 * @property {Look} look
 * @property {(look: Partial<Look>) => void} onLook
 * @property {(cell: Cell) => void} onOpen
 *
 * @typedef {{ task: number, source?: number, target?: number }} Cell What was attacked, where a cell speaks of this
 * alone.
 *
 * @typedef {object} Select A choice of what is on show.
 * @property {string} label
 * @property {string} value
 * @property {[value: string, words: string][]} options
 * @property {(value: string) => void} onChange
 *
 * @typedef {object} View
 * @property {Element | null} chart
 * @property {Element[]} legend
 * @property {Select[]} [selects]
 * @property {string[]} head
 * @property {string[][]} body
 */

/** What a heat map of source and target can show. */
export const MEASURES = /** @type {const} */ (["rate", "distortion_successes", "hardness", "distance", "vanished"]);

/** A share of attempts whose gradient vanished is told from here on. */
const LEAST_SAID = 0.005;
/** A share of fewer examples than these is no finding. */
const FEW = 10;

/** How many of a row's attempts ended without a gradient. @param {Row} row */
const vanishedShare = ({ attempts, measured, outcomes }) =>
  (outcomes?.gradient_vanished ?? 0) / Math.max(1, attempts ?? measured ?? 1);

const TEMPERATURES = [1, 2, 5, 10, 20, 40, 100];

/** @type {Look} */
export const FIRST_LOOK = { network: 0, measure: "rate", axis: "temperature", whose: "yours" };

/** A network's name, by the row that measured it. @param {Row} row */
const rowName = ({ role, temperature, scale }) =>
  role === "scaled" ? modelName({ role: "undefended", temperature }, scale) : modelName({ role, temperature });

/** What two rows about the same network have in common. @param {Row} row */
const keyOf = ({ role, temperature, scale }) => `${role} ${temperature} ${scale}`;

/** One row of each network. @param {Row[]} rows */
const distinct = (rows) => [...new Map(rows.map((row) => [keyOf(row), row])).values()];

/** How much of a row has been measured, of how much. @param {Experiment} experiment @param {Row} row */
export function progressOf(experiment, row) {
  if (experiment === "robustness") return { done: row.measured + row.misread, of: row.images };
  if (experiment === "amplitude" || experiment === "fgsm") return { done: row.measured, of: row.planned };
  return { done: row.attempts + row.already_target, of: row.planned };
}

/** @param {Experiment} experiment @param {Figures} figures @param {Context} context @returns {View} */
export function draw(experiment, figures, context) {
  const view = DRAW[experiment](figures, context);
  const done = figures.yours.map((row) => progressOf(experiment, row));
  const isPartial = done.some(({ done, of }) => done < of);
  const sum = (/** @type {'done' | 'of'} */ field) => done.reduce((all, each) => all + each[field], 0);
  return {
    ...view,
    legend: [
      ...(isPartial ? [words(t("lab.partial.chart", { done: sum("done"), of: sum("of") }), "partial")] : []),
      ...view.legend,
    ],
  };
}

/** @param {[number, number] | null | undefined} interval @param {number} [digits] */
const span = (interval, digits) => (interval ? ` (${percentInterval(interval, digits)})` : "");
/** @param {number | null | undefined} share @param {number} [digits] */
const share = (share, digits = 1) => (share === null || share === undefined ? "–" : percent(share, digits));
/** @param {number | undefined} value */
const count = (value) => (value === undefined ? "–" : number(value));
/** @param {...string} names */
const head = (...names) => names.map((name) => t(`lab.head.${name}`));

/**
 * The table: of each network the paper's line, this project's and yours, one under the other.
 *
 * @param {Experiment} experiment
 * @param {Figures} figures
 * @param {(row: Row) => string[]} cells
 */
function linesOf(experiment, { yours, ours, paper }, cells) {
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

/** A paper's points are crosses: nobody can open the attempts behind them. */
const PAPER_MARKS = /** @type {const} */ (["plus", "cross"]);

/**
 * Shares against the temperature of the training, or k.
 *
 * @param {Figures} figures
 * @param {string} y
 * @param {string} title
 */
function againstTemperature({ yours, ours, paper }, y, title) {
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
      look: "chart-paper",
      mark: PAPER_MARKS[place],
      isJoined: true,
      points: pick(paper, role),
    })),
    ...ROLES.map(({ role, mark }) => ({
      name: name("published", role),
      look: "chart-published",
      mark,
      isJoined: role === "scaled",
      points: pick(ours, role),
    })),
    ...ROLES.map(({ role, mark }) => ({
      name: name("yours", role),
      look: role === "scaled" ? "chart-scaled" : "chart-yours",
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
    legend: [...legend(series), ...aboutHollow(series)],
  };
}

/** What a hollow mark says, where there is one. @param {import("./charts.js").Series[]} series */
const aboutHollow = (series) =>
  series.some(({ points }) => points.some(({ isHollow }) => isHollow)) ? [words(t("lab.legend.hollow"))] : [];

/** @type {Record<Experiment, (figures: Figures, context: Context) => View>} */
const DRAW = {
  success(figures) {
    return {
      ...againstTemperature(figures, t("lab.axis.success"), t("lab.success.title")),
      head: head("network", "by", ...SUCCESS),
      body: linesOf("success", figures, successCells),
    };
  },

  attacks(figures, { look, onLook, onOpen }) {
    const { whose, rows, selects } = chooseRows(figures, look, onLook);
    const networks = distinct(rows);
    const cellOf = (/** @type {Row} */ like, /** @type {Row} */ network) => {
      const task = rows.findIndex((row) => keyOf(row) === keyOf(network) && isSameAttack(row, like));
      if (task < 0 || rows[task].attempts === 0) return null;
      const { rate, attempts } = rows[task];
      const label = t("lab.attacks.cell", {
        attack: attackName(like),
        network: rowName(network),
        value: percent(rate, 1),
        count: attempts,
      });
      const vanished = vanishedShare(rows[task]);
      const note = vanished > LEAST_SAID ? t("lab.heat.vanished", { share: percent(vanished, 0) }) : "";
      return {
        share: rate,
        text: percent(rate, 0),
        note,
        label,
        isVanished: vanished > 0.5,
        ...(whose === "yours" ? { onOpen: () => onOpen({ task }) } : {}),
      };
    };
    const lineup = [...LINEUP, { attack: "transfer" }].filter((like) => rows.some((row) => isSameAttack(row, like)));
    return {
      chart:
        rows.length > 0
          ? heatMap({
              caption: t(`lab.attacks.caption.${whose}`),
              corner: t("settings.title"),
              across: networks.map(rowName),
              rows: lineup.map((like) => ({
                name: attackName(like),
                cells: networks.map((network) => cellOf(like, network)),
              })),
            })
          : null,
      legend: rows.length > 0 ? [words(t("lab.attacks.legend"))] : [],
      selects,
      head: head("network", "by", "attack", ...SUCCESS),
      body: linesOf("attacks", figures, (row) => [attackName(row), ...successCells(row)]),
    };
  },

  robustness(figures) {
    const { yours, ours, paper } = figures;
    const all = [...paper, ...ours, ...yours];
    const looks = /** @type {const} */ ([
      [yours, ""],
      [ours, " chart-bar-ours"],
    ]);
    const networks = byOrder(all);
    const rows = networks.map((network) => {
      const of = (/** @type {Row[]} */ rows) => rows.find((row) => keyOf(row) === keyOf(network));
      const bars = looks.flatMap(([rows, look]) => {
        const row = of(rows);
        return [
          row && row.robustness !== null
            ? { share: row.robustness, interval: row.interval, look: `chart-bar-0${look}` }
            : null,
          row && row.robustness_of_successes !== null
            ? { share: row.robustness_of_successes, interval: row.interval_of_successes, look: `chart-bar-1${look}` }
            : null,
        ];
      });
      const [reported, shown] = [of(paper), of(yours) ?? of(ours)];
      return {
        name: rowName(network),
        bars: [...bars, reported ? { share: reported.robustness, look: "chart-bar-paper" } : null].filter(
          (bar) => bar !== null,
        ),
        words:
          shown && shown.robustness !== null
            ? `${share(shown.robustness, 2)} · ${share(shown.robustness_of_successes, 2)}`
            : reported
              ? share(reported.robustness, 2)
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
              ...barLegend(keys.map(([name, look]) => ({ name: t(`lab.bar.${name}`), look }))),
              words(t("lab.robustness.legend")),
            ]
          : [],
      head: head("network", "by", "images", "capped", "dropped", "failures", "all-vanished", "misread"),
      body: linesOf("robustness", figures, (row) => [
        count(row.measured),
        share(row.robustness, 2) + span(row.interval, 2),
        share(row.robustness_of_successes, 2) + span(row.interval_of_successes, 2),
        count(row.failures),
        count(row.gradient_vanished),
        count(row.misread),
      ]),
    };
  },

  pairs(figures, { data, look, onLook, onOpen }) {
    const { yours, ours } = figures;
    const { measure } = look;
    const all = [...yours, ...ours];
    const place = Math.min(look.network, all.length - 1);
    const row = all[place];
    const classes = DATASETS[data].classes.map((_, label) => className(DATASETS[data], label));
    const isShare = measure === "rate" || measure === "vanished";
    const most =
      isShare || !row ? 1 : Math.max(1e-9, ...row.cells.map((/** @type {any} */ cell) => cell[measure] ?? 0));
    const cell = (/** @type {number} */ source, /** @type {number} */ target) => {
      const found = row.cells.find((/** @type {any} */ each) => each.source === source && each.target === target);
      if (!found) return null;
      const value = measure === "vanished" ? found.gradient_vanished / found.attempts : found[measure];
      // Not to be taken for a network that withstood: nothing could be tried.
      const vanished = measure === "rate" ? found.gradient_vanished / found.attempts : 0;
      const note = vanished > LEAST_SAID ? `∅ ${number(100 * vanished, { maximumFractionDigits: 0 })}` : "";
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
            across: classes,
            rows: classes.map((name, source) => ({ name, cells: classes.map((_, target) => cell(source, target)) })),
          })
        : null,
      legend: row ? [words(t("lab.pairs.legend")), words(t("lab.pairs.paper"))] : [],
      selects: row
        ? [
            {
              label: t("lab.head.network"),
              value: String(place),
              options: all.map((each, at) => /** @type {[string, string]} */ ([String(at), title(each, at)])),
              onChange: (value) => onLook({ network: Number(value) }),
            },
            {
              label: t("lab.measure"),
              value: measure,
              options: MEASURES.map((name) => /** @type {[string, string]} */ ([name, t(`lab.measure.${name}`)])),
              onChange: (value) => onLook({ measure: MEASURES.find((name) => name === value) ?? "rate" }),
            },
          ]
        : [],
      head: head("network", "by", "attempts", "fooled", "rate", "vanished", "changed", "hardness", "distance"),
      body: linesOf("pairs", figures, (each) => [
        number(each.attempts),
        number(each.successes),
        share(each.rate) + span(each.interval),
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
    const rows = byOrder([...ours, ...yours]).map((network) => {
      const of = (/** @type {Row[]} */ rows) => rows.find((row) => keyOf(row) === keyOf(network) && row.measured !== 0);
      const bars = [
        { row: of(yours), look: "chart-bar-0" },
        { row: of(ours), look: "chart-bar-0 chart-bar-ours" },
      ];
      const shown = [...bars.map(({ row }) => row), of(paper)].map((row) => row?.below_1e_40);
      const said = ["yours", "ours", "paper"].map((whose, place) =>
        shown[place] === undefined
          ? ""
          : `${t(`lab.by.${whose}`, { source: of(paper)?.source ?? "" })} ${percent(shown[place], 1)}`,
      );
      return {
        name: rowName(network),
        bars: bars.flatMap(({ row, look }) =>
          row ? [{ shares: row.counts.map((/** @type {number} */ count) => count / row.measured), look }] : [],
        ),
        words: t("lab.amplitude.below", { share: said.filter((each) => each !== "").join(" · ") }),
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
              ...barLegend(keys.map(([name, look]) => ({ name: t(`lab.by.${name}`), look }))),
              words(t("lab.amplitude.legend")),
            ]
          : [],
      head: head("network", "by", "images", "below", "above", "zero"),
      body: linesOf("amplitude", figures, (row) => [
        count(row.measured),
        share(row.below_1e_40) + span(row.below_interval),
        share(row.above_1e_3) + span(row.above_interval),
        count(row.zero),
      ]),
    };
  },

  fgsm(figures, { look, onLook }) {
    const near = (/** @type {Row} */ row) => Math.abs(row.epsilon - PAPER_EPSILON) < 1e-6;
    const { yours, ours, paper } = figures;
    const drawn =
      look.axis === "temperature"
        ? againstTemperature(
            { yours: yours.filter(near), ours: ours.filter(near), paper },
            t("lab.axis.error"),
            t("lab.fgsm.title"),
          )
        : againstEpsilon(figures);
    return {
      ...drawn,
      selects: [
        {
          label: t("lab.axis"),
          value: look.axis,
          options: [
            ["temperature", t("lab.fgsm.temperature", { epsilon: PAPER_EPSILON })],
            ["epsilon", t("lab.fgsm.epsilon")],
          ],
          onChange: (value) => onLook({ axis: value === "epsilon" ? "epsilon" : "temperature" }),
        },
      ],
      head: head("network", "by", "epsilon", "images", "errors", "vanished", "misread"),
      body: linesOf("fgsm", figures, (row) => [
        number(row.epsilon, { maximumFractionDigits: 2 }),
        count(row.measured),
        (row.isBelow ? "< " : "") + share(row.rate) + span(row.interval),
        count(row.outcomes?.gradient_vanished),
        count(row.misread),
      ]),
    };
  },

  transfer(figures, { look, onLook, onOpen }) {
    const { whose, rows, selects } = chooseRows(figures, look, onLook);
    const from = distinct(rows);
    const to = distinct(rows.map((row) => row.to));
    const cell = (/** @type {Row} */ one, /** @type {number} */ task, /** @type {Row} */ other) => {
      const row = rows.find((each) => keyOf(each) === keyOf(one) && keyOf(each.to) === keyOf(other));
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
        isFew: row.shown < FEW,
        ...(whose === "yours" ? { onOpen: () => onOpen({ task }) } : {}),
      };
    };
    return {
      chart:
        rows.length > 0
          ? heatMap({
              caption: t("lab.transfer.caption"),
              corner: t("lab.transfer.corner"),
              across: to.map(rowName),
              rows: from.map((one, task) => ({ name: rowName(one), cells: to.map((other) => cell(one, task, other)) })),
            })
          : null,
      legend: rows.length > 0 ? [words(t("lab.transfer.legend")), words(t("lab.transfer.paper"))] : [],
      selects,
      head: head("from", "by", "to", "shown", "misread-rate", "reached", "vanished"),
      body: linesOf("transfer", figures, (row) => [
        rowName(row.to),
        number(row.shown),
        row.shown === 0 ? "–" : share(row.misread_rate) + span(row.misread_interval),
        row.shown === 0 ? "–" : share(row.rate) + span(row.interval),
        number(row.outcomes.gradient_vanished),
      ]),
    };
  },
};

const SUCCESS = ["attempts", "fooled", "rate", "spent", "no-move", "vanished", "changed"];

/** @param {Row} row */
const successCells = ({ attempts, successes, rate, interval, outcomes, distortion_successes: changed }) => [
  count(attempts),
  count(successes),
  share(rate) + span(interval),
  count(outcomes?.budget_spent),
  count(outcomes?.no_admissible_pair),
  count(outcomes?.gradient_vanished),
  share(changed),
];

/** @param {Row} row @param {Row} other */
const isSameAttack = (row, other) =>
  row.attack === other.attack && (!row.direction || !other.direction || row.direction === other.direction);

/** An attack's name, with its direction where there are several. @param {Row} row */
function attackName({ attack, direction }) {
  const several = LINEUP.filter((each) => each.attack === attack).length > 1;
  return several && direction
    ? t("lab.attacks.way", { attack: t(`attack.${attack}`), direction: t(`direction.${direction}`) })
    : t(`attack.${attack}`);
}

/**
 * The visitor's rows or this project's, as chosen, with the menu to choose where there are both.
 *
 * @param {Figures} figures
 * @param {Look} look
 * @param {Context["onLook"]} onLook
 */
function chooseRows({ yours, ours }, look, onLook) {
  const whose = yours.length > 0 ? look.whose : "ours";
  return {
    whose,
    rows: whose === "yours" ? yours : ours,
    selects: yours.length > 0 && ours.length > 0 ? [whoseSelect(whose, onLook)] : [],
  };
}

/** @param {Look["whose"]} whose @param {Context["onLook"]} onLook @returns {Select} */
const whoseSelect = (whose, onLook) => ({
  label: t("lab.head.by"),
  value: whose,
  options: [
    ["yours", t("lab.by.yours")],
    ["ours", t("lab.by.ours")],
  ],
  onChange: (value) => onLook({ whose: value === "ours" ? "ours" : "yours" }),
});

/** Each network once, in the order of the tables. @param {Row[]} rows */
function byOrder(rows) {
  const networks = distinct(rows);
  const place = (/** @type {Row} */ { role, temperature, scale }) =>
    1e6 * ROLES.findIndex((each) => each.role === role) + Math.max(temperature, scale);
  return networks.sort((a, b) => place(a) - place(b));
}

/**
 * FGSM's errors by its step, a line a network: yours, or this project's where there is none of yours.
 *
 * @param {Figures} figures
 */
function againstEpsilon({ yours, ours, paper }) {
  const marks = /** @type {const} */ (["circle", "square", "diamond", "triangle"]);
  const rows = yours.length > 0 ? yours : ours;
  const point = (/** @type {Row} */ row) => ({
    x: row.epsilon,
    y: row.rate,
    interval: row.interval,
    isHollow: vanishedShare(row) > 0.5,
  });
  const networks = byOrder(rows);
  const of = (/** @type {Row[]} */ all, /** @type {Row} */ network) =>
    all.filter((row) => keyOf(row) === keyOf(network) && row.measured !== 0).map(point);
  /** @type {import("./charts.js").Series[]} */
  const series = networks
    .flatMap((network, place) => {
      const line = { look: `chart-series-${place % 6}`, mark: marks[place % 4] };
      const name = (/** @type {string} */ by, source = 0) => `${rowName(network)}, ${t(`lab.by.${by}`, { source })}`;
      return [
        { ...line, name: name(yours.length > 0 ? "yours" : "ours"), isJoined: true, points: of(rows, network) },
        { ...line, name: name("ours"), look: "chart-published", points: yours.length > 0 ? of(ours, network) : [] },
        {
          ...line,
          name: name("paper", paper[0]?.source),
          look: "chart-paper",
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
    legend: [...legend(series), ...aboutHollow(series)],
  };
}

/** @param {string} text @param {string} [look] */
function words(text, look = "") {
  const element = document.createElement("span");
  element.className = look;
  element.textContent = text;
  return element;
}
