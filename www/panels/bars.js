/** Ten probabilities as bars and numbers, in a table, so that screen readers can read them. */
import { make, must, setText } from "../page/dom.js";
import { className, t } from "../page/i18n.js";

/** The number of classes, the same in every data set. */
const CLASSES = 10;

/**
 * @param {HTMLTableSectionElement} body
 * @param {(probability: number) => number} [lengthOf] The length of the bar for a probability, from 0 to 1.
 */
export function createBars(body, lengthOf = (probability) => probability) {
  const rows = Array.from({ length: CLASSES }, () => {
    const name = make("span");
    const fill = make("div", { class: "bar-fill" });
    const mark = make("span", { class: "bar-mark" });
    const value = make("td", { class: "bar-value" });
    const row = make(
      "tr",
      {},
      make("th", { scope: "row" }, name, mark),
      make("td", { class: "bar-cell", "aria-hidden": "true" }, make("div", { class: "bar-track" }, fill)),
      value,
    );
    body.append(row);
    return { row, name, fill, mark, value };
  });

  /**
   * @param {import("../domain/datasets.js").Dataset} dataset
   * @param {number[] | null} probabilities
   * @param {{ source: number | null, target: number | null, label: number | null }} marks
   */
  return (dataset, probabilities, { source, target, label }) => {
    rows.forEach(({ row, name, fill, mark, value }, index) => {
      setText(name, className(dataset, index));
      const probability = probabilities?.[index] ?? null;
      const role = [index === source && "source", index === target && "target"].filter(Boolean).join(" ");
      row.dataset.role = role;
      row.toggleAttribute("data-read", index === label);
      fill.style.transform = `scaleX(${lengthOf(probability ?? 0)})`;
      setText(
        mark,
        role
          ? ` ${role
              .split(" ")
              .map((each) => t(`bars.${each}`))
              .join(", ")}`
          : "",
      );
      setText(value, probability === null ? "–" : formatProbability(probability));
    });
  };
}

/** @param {ParentNode} root */
export const barsBody = (root) => must(".bars tbody", HTMLTableSectionElement, root);

/**
 * A probability as text. "0" and "1" stand for exactly 0 and 1; "1.0000" and "2.1e−12" are rounded.
 *
 * @param {number} value
 */
export function formatProbability(value) {
  if (value === 0 || value === 1) return String(value);
  return value >= 1e-4 ? value.toFixed(4) : formatSmall(value);
}

/** A number as two digits and a power of ten. @param {number} value */
export const formatSmall = (value) => value.toExponential(1).replace("-", "−").replace("e+", "e").replace("e-", "e−");
