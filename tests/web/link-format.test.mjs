/** Links as text: golden links keep their meaning, and any other text is read without an error. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ATTACKS, DATASETS } from "../../pkg/registry.js";
import { emptyLink, parseLink, writeLink } from "../../www/link/link.js";
import { readPixels } from "../../www/link/pixels.js";
import { MAX_POINTS, MAX_STROKES, readStrokes, writeStrokes } from "../../www/link/strokes.js";

/**
 * Links stay valid for ever, so entries are added here but never changed. `says` has the fields that differ from an
 * empty link. `written` is how the page writes the link, where that differs from `link`.
 *
 * @type {{ name: string, link: string, says: Record<string, unknown>, dropped: string[], written?: string }[]}
 */
const GOLDEN = JSON.parse(readFileSync(new URL("links.golden.json", import.meta.url), "utf8"));

/** @param {any} link */
const plain = (link) => ({
  ...link,
  strokes: link.strokes?.map((/** @type {Uint8Array} */ stroke) => [...stroke]) ?? null,
});

for (const { name, link, says, dropped, written } of GOLDEN) {
  test(`The golden link with ${name} keeps its meaning`, () => {
    const read = parseLink(link);
    assert.ok(read);
    assert.deepEqual(plain(read.link), { ...emptyLink(), ...says });
    assert.deepEqual(read.dropped, dropped);
    assert.equal(`#${writeLink(read.link)}`, written ?? link);
  });
}

test("Every attack and every setting has a golden link", () => {
  const linkFields = GOLDEN.map(({ link }) => new URLSearchParams(link.slice(1)));
  for (const id of Object.keys(ATTACKS))
    assert.ok(id === emptyLink().attack || linkFields.some((fields) => fields.get("attack") === id), id);
  for (const { name } of SETTINGS)
    assert.ok(
      linkFields.some((fields) => fields.has(name)),
      name,
    );
});

test("No setting has the name of another field, or the id of another element of the page", () => {
  const names = SETTINGS.map((setting) => String(setting.name));
  const others = [
    "data",
    "left",
    "right",
    "kleft",
    "kright",
    "sample",
    "attack",
    "target",
    "untargeted",
    "temper",
    "step",
    "show",
    "channel",
    "marks",
    "story",
    "soft",
    "lang",
    "theme",
    "strokes",
    "pixels",
  ];
  assert.deepEqual(
    Object.keys(emptyLink()).filter((name) => !names.includes(name)),
    others,
  );
  const html = readFileSync(new URL("../../index.html", import.meta.url), "utf8");
  assert.deepEqual(
    names.filter((name) => html.includes(` id="${name}"`)),
    [],
  );
});

test("A fragment that is not a link of this page is ignored", () => {
  for (const hash of ["", "#", "#reference-1", "#sample=3", "#V=1", "#?v=1", "# v=1"])
    assert.equal(parseLink(hash), null, hash);
});

test("Every drawing is the same after it is written into a link and read again", () => {
  const random = generator(7);
  for (let round = 0; round < 300; round++) {
    const strokes = Array.from({ length: random(5) }, () =>
      Uint8Array.from({ length: 2 + 2 * random(300) }, () => random(256)),
    );
    assert.deepEqual(readStrokes(writeStrokes(strokes)), { strokes, whole: true });
  }
  const most = Array.from({ length: MAX_STROKES }, () => new Uint8Array((2 * MAX_POINTS) / MAX_STROKES).fill(255));
  assert.deepEqual(readStrokes(writeStrokes(most)), { strokes: most, whole: true });
  assert.equal(readStrokes(writeStrokes([...most, Uint8Array.of(1, 1)])).whole, false);
  const long = readStrokes(writeStrokes([new Uint8Array(2 * MAX_POINTS + 2)]));
  assert.deepEqual([long.strokes[0].length, long.whole], [2 * MAX_POINTS, false]);
});

test("A link of a megabyte is read within half a second, without the fields that are too long", () => {
  for (const filler of [
    "strokes=" + "A".repeat(1e6),
    "&".repeat(1e6),
    "&budget=1".repeat(1e5),
    "%".repeat(1e6),
    "x".repeat(1e6),
  ]) {
    const started = performance.now();
    const read = parseLink(`#v=1&sample=18&${filler}`);
    assert.equal(read?.link.target, null);
    assert.ok(read.dropped.includes("end"));
    assert.ok(performance.now() - started < 500, filler.slice(0, 20));
  }
});

test("100,000 random and mutated links cause no exception and no hang, and are read as values in range", () => {
  const random = generator(2016);
  const started = performance.now();
  let slowest = 0;
  for (let round = 0; round < 100_000; round++) {
    const text = round % 3 === 0 ? randomFields(random) : mutate(GOLDEN[random(GOLDEN.length)].link, random);
    const before = performance.now();
    const read = parseLink(text);
    slowest = Math.max(slowest, performance.now() - before);
    if (!read) continue;
    const reason = outOfRange(read.link);
    assert.equal(reason, null, `${reason} in ${JSON.stringify(text)}`);
    const written = writeLink(read.link);
    assert.match(written, /^[A-Za-z0-9._=&-]*$/, text);
    const again = parseLink(written);
    assert.deepEqual(plain(again?.link), plain(read.link), text);
    assert.deepEqual(again?.dropped, [], text);
  }
  assert.deepEqual(Object.keys(Object.prototype), []);
  assert.ok(slowest < 500, `one link took ${slowest} ms`);
  assert.ok(performance.now() - started < 60_000);
});

/** @typedef {(below: number) => number} Random */

/**
 * A random number generator (mulberry32) that gives the same numbers on every machine.
 *
 * @param {number} seed
 * @returns {Random}
 */
function generator(seed) {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((((mixed ^ (mixed >>> 14)) >>> 0) * below) / 2 ** 32) | 0;
  };
}

/** The settings that links have. */
const SETTINGS = Object.values(ATTACKS).flatMap(({ settings }) => settings.filter((setting) => "link" in setting));

const PIECES = [
  ...Object.keys(emptyLink()),
  "v",
  "end",
  "__proto__",
  "constructor",
  "toString",
  "pixels",
  "hasOwnProperty",
  "=",
  "==",
  "&",
  "&&",
  "#",
  "%",
  "%00",
  "%25",
  "%ff",
  "+",
  "0",
  "1",
  "-1",
  "2",
  "40",
  "784",
  "785",
  "1e999",
  "NaN",
  "Infinity",
  "-0",
  "0x1f",
  "0.01",
  "0.005",
  "99999999999999999999999999999999",
  "1".repeat(400),
  ".",
  "-",
  "~",
  "undefended-1",
  "teacher-40-70e67363",
  "distilled-9999.999-00000000",
  "distilled-0",
  "teacher--1",
  ...Object.keys(DATASETS),
  ...Object.keys(ATTACKS),
  ...SETTINGS.flatMap((setting) => ("choices" in setting ? setting.choices : [])),
  "saliency",
  "en",
  "dark",
  "AYCA",
  "AQ",
  "A",
  "_____",
  "<script>alert(1)</script>",
  "javascript:alert(1)",
  "\u0000",
  "\ud800",
  "😀",
  "\u202e",
  "字",
  "'\"><",
  "../..",
  "${1}",
  "A".repeat(3000),
];

/** @param {Random} random */
function randomFields(random) {
  const fields = Array.from({ length: random(12) }, () =>
    Array.from({ length: 1 + random(4) }, () => PIECES[random(PIECES.length)]).join(random(2) ? "=" : ""),
  );
  return `#${random(8) ? "v=1" : PIECES[random(PIECES.length)]}&${fields.join("&")}`;
}

/** @param {string} text @param {Random} random */
function mutate(text, random) {
  let mutant = text;
  for (let times = 1 + random(4); times > 0; times--) {
    const at = random(mutant.length + 1);
    const piece = PIECES[random(PIECES.length)];
    const letter = String.fromCharCode(random(random(2) ? 128 : 65_536));
    mutant = [
      () => mutant.slice(0, at),
      () => mutant.slice(0, at) + mutant.slice(at + 1),
      () => mutant.slice(0, at) + letter + mutant.slice(at),
      () => mutant.slice(0, at) + letter + mutant.slice(at + 1),
      () => mutant.slice(0, at) + piece + mutant.slice(at),
      () => mutant + mutant.slice(at),
      () => mutant.slice(0, at) + GOLDEN[random(GOLDEN.length)].link.slice(random(40)),
      () => encodeURIComponent(mutant.toWellFormed()).replaceAll("%23", "#").replaceAll("%3D", "="),
    ]
      [random(8)]()
      .slice(0, 20_000);
  }
  return mutant;
}

/** @param {unknown} value @param {typeof SETTINGS[number]} setting @param {number} features */
function isWithin(value, setting, features) {
  if ("choices" in setting) return setting.choices.some((choice) => choice === value);
  if (!("page" in setting) || typeof value !== "number") return false;
  const { min, max, step } = setting.page;
  return (
    value >= min
    && value <= (max === "features" ? features : max)
    && Math.abs(value / step - Math.round(value / step)) < 1e-6
  );
}

/**
 * The name of a field that is out of range. This does not use the parser's table, so it finds mistakes in that table.
 *
 * @param {import("../../www/link/link.js").Link} link
 */
function outOfRange(link) {
  const whole = (/** @type {number | null} */ value, /** @type {number} */ most) =>
    value === null || (Number.isInteger(value) && value >= 0 && value <= most);
  const network = (/** @type {any} */ name) =>
    name === null
    || (/^(undefended|distilled|teacher)$/.test(name.role)
      && name.temperature >= 0
      && name.temperature < 10_000
      && /^([0-9a-f]{8})?$/.test(name.hash));
  const { features } = DATASETS[/** @type {keyof typeof DATASETS} */ (link.data)];
  /** @type {Record<string, boolean>} */
  const holds = {
    ...Object.fromEntries(
      SETTINGS.map((setting) => [
        setting.name,
        SETTINGS.some((other) => other.name === setting.name && isWithin(link[other.name], other, features)),
      ]),
    ),
    data: Object.hasOwn(DATASETS, link.data),
    left: network(link.left),
    right: network(link.right),
    kleft: link.kleft === null || (whole(link.kleft, 200) && link.kleft >= 1),
    kright: link.kright === null || (whole(link.kright, 200) && link.kright >= 1),
    sample: whole(link.sample, 99_999),
    attack: Object.hasOwn(ATTACKS, link.attack),
    target: whole(link.target, 9),
    untargeted: typeof link.untargeted === "boolean",
    temper: link.temper === null || typeof link.temper === "boolean",
    step: whole(link.step, 99_999),
    show: /^(image|perturbation|gradient|saliency)$/.test(link.show),
    channel: /^(all|red|green|blue)$/.test(link.channel),
    marks: typeof link.marks === "boolean",
    story: link.story !== null && whole(link.story, 6),
    soft: whole(link.soft, 200) && link.soft >= 1,
    lang: link.lang === null || /^(en|ja)$/.test(link.lang),
    theme: link.theme === null || /^(light|dark)$/.test(link.theme),
    pixels: link.pixels === null || readPixels(link.pixels, features) !== null,
    strokes:
      link.strokes === null
      || (link.data === "mnist"
        && link.strokes.length <= MAX_STROKES
        && link.strokes.every((stroke) => stroke instanceof Uint8Array && stroke.length > 0 && stroke.length % 2 === 0)
        && link.strokes.reduce((sum, { length }) => sum + length / 2, 0) <= MAX_POINTS),
  };
  return Object.entries(holds).find(([, fits]) => !fits)?.[0] ?? null;
}
