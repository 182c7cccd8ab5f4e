/** The chart of docs/speed.md: how the time grows with batch and budget, on logarithmic axes. */

const WIDTH = 360;
const HEIGHT = 260;
const MARGIN = { left: 52, right: 96, top: 34, bottom: 40 };
const COLOURS = ["#2563eb", "#b45309", "#059669", "#be185d"];

/** @typedef {{ name: string, points: [number, number][] }} Line */

/** @param {any} result */
export function chart(result) {
  const line = (/** @type {string} */ name, /** @type {any} */ wanted, /** @type {string} */ by) => ({
    name,
    points: result.timings
      .filter((/** @type {any} */ timing) => Object.entries(wanted).every(([key, value]) => timing[key] === value))
      .map((/** @type {any} */ timing) => [timing[by], timing.processor]),
  });
  const networks = [
    ["MNIST", "mnist"],
    ["CIFAR-10", "cifar10"],
  ].flatMap(([name, dataset]) =>
    ["f", "z"].map((attack) =>
      line(`${name}, ${attack.toUpperCase()}`, { what: "step", dataset, attack: `jsma-${attack}` }, "batch"),
    ),
  );
  const budgets = [line("MNIST, F", { what: "attacks" }, "budget")];
  const both = 2 * WIDTH;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${both} ${HEIGHT}" width="${both}" height="${HEIGHT}" font-family="system-ui, sans-serif" font-size="11">
<rect width="${both}" height="${HEIGHT}" fill="#fff" />
${panel(0, "A step, ms for each image", "images in the batch", networks)}
${panel(WIDTH, "An attack in a batch of 32, ms", "budget, features", budgets)}
</svg>
`;
}

/** @param {number} left @param {string} title @param {string} axis @param {Line[]} lines */
function panel(left, title, axis, lines) {
  const all = lines.flatMap(({ points }) => points);
  const x = scale(
    all.map(([x]) => x),
    MARGIN.left,
    WIDTH - MARGIN.right,
  );
  const y = scale(
    all.map(([, y]) => y),
    HEIGHT - MARGIN.bottom,
    MARGIN.top,
  );
  const columns = [...new Set(all.map(([x]) => x))].map(
    (value) =>
      `<text x="${x.at(value)}" y="${HEIGHT - MARGIN.bottom + 16}" text-anchor="middle" fill="#444">${value}</text>`,
  );
  const rows = y.ticks.map(
    (value) =>
      `<path d="M${MARGIN.left} ${y.at(value)}H${WIDTH - MARGIN.right}" stroke="#ddd" /><text x="${MARGIN.left - 6}" y="${y.at(value) + 4}" text-anchor="end" fill="#444">${value}</text>`,
  );
  const drawn = lines.map(({ name, points }, place) => {
    const [last] = points.slice(-1);
    if (!last) return "";
    const path = points.map(([a, b]) => `${x.at(a)} ${y.at(b)}`).join("L");
    const dots = points
      .map(([a, b]) => `<circle cx="${x.at(a)}" cy="${y.at(b)}" r="2.5" fill="${COLOURS[place]}" />`)
      .join("");
    return `<path d="M${path}" fill="none" stroke="${COLOURS[place]}" stroke-width="1.5" />${dots}<text x="${x.at(last[0]) + 8}" y="${y.at(last[1]) + 4}" fill="${COLOURS[place]}">${name}</text>`;
  });
  return `<g transform="translate(${left})"><text x="${MARGIN.left}" y="18" font-weight="600" fill="#111">${title}</text>
${rows.join("")}${columns.join("")}<text x="${(MARGIN.left + WIDTH - MARGIN.right) / 2}" y="${HEIGHT - 8}" text-anchor="middle" fill="#444">${axis}</text>
${drawn.join("\n")}</g>`;
}

/**
 * A logarithmic axis that covers some values, with ticks at 1, 2 and 5 times the powers of ten.
 *
 * @param {number[]} values
 * @param {number} from
 * @param {number} to
 */
function scale(values, from, to) {
  const ticks = [-2, -1, 0, 1, 2, 3, 4].flatMap((power) =>
    [1, 2, 5].map((digit) => Number((digit * 10 ** power).toPrecision(1))),
  );
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const low = ticks.filter((tick) => tick <= least).pop() ?? least;
  const high = ticks.find((tick) => tick >= most) ?? most;
  const at = (/** @type {number} */ value) =>
    Number((from + ((to - from) * Math.log(value / low)) / Math.log(high / low)).toFixed(1));
  return { at, ticks: ticks.filter((tick) => tick >= low && tick <= high) };
}
