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
    "fixlang",
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

test("A fragment without a version and without a known field is no link", () => {
  for (const hash of ["", "#", "#reference-1", "#results", "#top", "#section-v", "#engine=abacus", "#!/about", "#1=v"])
    assert.equal(parseLink(hash), null, hash);
});

test("A link that has lost its start is read, and the loss is said", () => {
  for (const hash of ["#sample=3&target=5&end", "#=1&sample=3&target=5&end", "#1&sample=3&target=5&end"]) {
    const read = parseLink(hash);
    assert.deepEqual(plain(read?.link), { ...emptyLink(), sample: 3, target: 5 }, hash);
    assert.ok(read?.dropped.includes("start"), hash);
  }
});

test("Unknown fields are named, and fields that count visits are not", () => {
  const unknownIn = (/** @type {string} */ hash) => parseLink(hash)?.unknown;
  assert.deepEqual(unknownIn("#v=1&sample=3&engine=abacus&tagret=4&end"), ["engine", "tagret"]);
  assert.deepEqual(unknownIn("#v=1&utm_source=chat&utm_medium=a&fbclid=Iw&gclid=1&msclkid=2&mc_cid=3&ref=x&end"), []);
  assert.deepEqual(unknownIn(`#v=1&${"x".repeat(1000)}=1&end`), ["x".repeat(24)]);
  assert.equal(unknownIn(`#v=1&${Array.from({ length: 100 }, (_, place) => `x${place}=1`).join("&")}&end`)?.length, 5);
});

test("A field that is given twice with different values is said", () => {
  assert.deepEqual(parseLink("#v=1&sample=3&target=4&sample=5&target=4&end")?.dropped, ["sample"]);
});

/**
 * Links as the page writes them: with networks' hashes, and with a test image, a drawing or a picture.
 */
const NETWORKS = "v=1&left=undefended-1-126f58a7&right=distilled-40-70e67363";
const WRITTEN = [
  `${NETWORKS}&sample=10&target=6&end`,
  `${NETWORKS}&sample=0&attack=fgsm&target=3&epsilon=0.15&untargeted=1&temper=1&step=1&show=gradient&marks=0&end`,
  `v=1&data=cifar10&left=undefended-1-126f58a7&right=distilled-100-70e67363&sample=3&target=5&step=4&channel=red&end`,
  `${NETWORKS}&target=3&strokes=AqAoPCgCPCg0dgc0dmRqlHimoJbIZN4yzg&end`,
  `${NETWORKS}&target=3&step=2&pixels=Y2AYVuA_BOCRwib5_z9Oyf__cUr-_49bcqjI4fMf3nDBG55442FwAwA&end`,
];
/** Links written by hand, without an end. */
const BY_HAND = ["v=1&sample=10&target=6", "v=1&left=undefended-1&right=distilled-40&sample=10&attack=jsma-z&target=6"];

/** @param {string} text */
const encoded = (text) => encodeURIComponent(text);
/** @param {string} text */
const escaped = (text) => text.replaceAll("&", "&amp;");
/** @param {string} text @param {string} piece */
const everySeven = (text, piece) => text.replace(/.{7}/g, `$&${piece}`);

/**
 * What programs make of the part behind the `#`. Each of these can be undone.
 *
 * @type {Record<string, (link: string) => string>}
 */
const MENDED = {
  "escaped as in HTML": (link) => `#${escaped(link)}`,
  "escaped as in HTML twice": (link) => `#${escaped(escaped(link))}`,
  "escaped as in HTML in capitals": (link) => `#${link.replaceAll("&", "&AMP;")}`,
  "escaped by number": (link) => `#${link.replaceAll("&", "&#38;").replaceAll("=", "&#x3D;")}`,
  "percent-encoded": (link) => `#${encoded(link)}`,
  "percent-encoded twice": (link) => `#${encoded(encoded(link))}`,
  "percent-encoded three times, in lower case": (link) =>
    `#${encoded(encoded(encoded(link))).replace(/%\w\w/g, (code) => code.toLowerCase())}`,
  "percent-encoded with its #": (link) => encoded(`#${link}`),
  "percent-encoded after it was escaped": (link) => `#${encoded(escaped(link))}`,
  "escaped after it was percent-encoded": (link) => `#${link.replaceAll("&", "%26amp;")}`,
  "behind a ?": (link) => `?${link}`,
  "behind a ? and a field that counts visits": (link) => `?utm_source=mail&${link}`,
  "behind #?": (link) => `#?${link}`,
  "behind #/": (link) => `#/${link}`,
  "behind #!": (link) => `#!${link}`,
  "without its #": (link) => link,
  "with two #": (link) => `##${link}`,
  "with an encoded second #": (link) => `#%23${link}`,
  "with the whole address behind the #": (link) => `#https://example.org/some/base/#${link}`,
  "with a whole address that is escaped and encoded": (link) =>
    `#${encoded(`https://example.org/?a=b#${escaped(link)}`)}`,
  "with semicolons for &": (link) => `#${link.replaceAll("&", ";")}`,
  "in full-width characters": (link) =>
    `#${link.replace(/[=&.0-9-]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0))}`,
  "with non-breaking hyphens": (link) => `#${link.replaceAll("-", "\u2011")}`,
  "with names in capitals": (link) => `#${link.replace(/\w+(?==|$)/g, (name) => name.toUpperCase())}`,
  "with escaped underscores": (link) => `#${link.replaceAll("_", "\\_")}`,
  "with every value in quotes": (link) => `#${link.replace(/=([^&]+)/g, '="$1"')}`,
  "pasted twice": (link) => `#${link}#${link}`,
  ...Object.fromEntries(
    [
      ["a space", " "],
      ["an encoded space", "%20"],
      ["a line break", "\n"],
      ["a line break of Windows", "\r\n"],
      ["an encoded line break", "%0D%0A"],
      ["a tabulator", "\t"],
      ["a no-break space", "\u00a0"],
      ["an ideographic space", "\u3000"],
      ["a zero-width space", "\u200b"],
      ["an encoded zero-width space", "%E2%80%8B"],
      ["a zero-width joiner", "\u200d"],
      ["a word joiner", "\u2060"],
      ["a byte order mark", "\ufeff"],
      ["a soft hyphen", "\u00ad"],
      ["a mark of direction", "\u200e"],
      ["an isolate of direction", "\u2068"],
      ["a quotation of mail", "\n> "],
    ].flatMap(([name, piece]) => [
      [`with ${name} in front`, (/** @type {string} */ link) => `#${piece}${link}`],
      [`with ${name} before the #`, (/** @type {string} */ link) => `${piece}#${link}`],
      [`with ${name} behind`, (/** @type {string} */ link) => `#${link}${piece}`],
      [`with ${name} in the middle`, (/** @type {string} */ link) => `#${link.slice(0, 20)}${piece}${link.slice(20)}`],
      [`with ${name} in every field`, (/** @type {string} */ link) => `#${everySeven(link, piece)}`],
    ]),
  ),
  ...Object.fromEntries(
    [
      '""',
      "''",
      "\u201c\u201d",
      "\u2018\u2019",
      "\u201e\u201c",
      "\u00ab\u00bb",
      "\u300c\u300d",
      "\u300e\u300f",
      "``",
      "<>",
      "()",
      "[]",
      "（）",
      "【】",
      "**",
    ].map(([before, behind]) => [
      `between ${before} and ${behind}`,
      (/** @type {string} */ link) => `#${before}${link}${behind}`,
    ]),
  ),
  ...Object.fromEntries(
    [
      ".",
      ",",
      ";",
      ":",
      "!",
      "?",
      ")",
      "]",
      "}",
      ">",
      '"',
      "'",
      "|",
      "/",
      "*",
      "~",
      "\\",
      ").",
      '",',
      "。",
      "、",
      "，",
      "．",
      "！",
      "？",
      "：",
      "；",
      "）",
      "」",
      "』",
      "】",
      "〉",
      "》",
      "・",
      "\u2019",
      "\u201d",
      "»",
      "।",
      "؟",
      "،",
      "؛",
      "¿",
      "։",
      "\u200b",
      "&gt;",
      "&quot;",
      "&nbsp;",
      "%22",
      "%3E",
      "%E3%80%82",
    ].map((mark) => [`followed by ${mark}`, (/** @type {string} */ link) => `#${link}${mark}`]),
  ),
};

/** What programs append behind a link that has an end. @type {Record<string, (link: string) => string>} */
const MENDED_BY_END = {
  "followed by a sentence": (link) => `#${link}. Look at this`,
  "followed by Japanese": (link) => `#${link}を見てください`,
  "followed by words": (link) => `#${link} and what it does`,
  "in Slack's brackets with a label": (link) => `#${link}|the attack>`,
  "in Markdown": (link) => `#${link}](picture.png) text`,
  "followed by an ellipsis": (link) => `#${link}…`,
  "followed by three dots": (link) => `#${link}...`,
  "followed by a text fragment": (link) => `#${link}:~:text=network`,
  "with utm_source appended": (link) => `#${link}&utm_source=chat&utm_medium=social`,
  "with ?fbclid appended": (link) => `#${link}?fbclid=IwAR0_abc-DEF`,
  "with &amp;gclid appended": (link) => `#${link}&amp;gclid=EAIa`,
  "with #fbclid appended": (link) => `#${link}#fbclid=IwAR0`,
  "with a slash and a query appended": (link) => `#${link}/?ref=forum`,
};

for (const [name, mangle] of Object.entries({ ...MENDED, ...MENDED_BY_END })) {
  test(`A link is read as it was written: ${name}`, () => {
    for (const link of name in MENDED ? [...WRITTEN, ...BY_HAND] : WRITTEN) {
      const before = parseLink(link);
      const read = parseLink(mangle(link));
      assert.ok(read && before, mangle(link));
      assert.deepEqual(plain(read.link), plain(before.link), mangle(link));
      assert.deepEqual([read.dropped, read.unknown], [[], []], mangle(link));
    }
  });
}

/** What cannot be undone. @type {Record<string, (link: string) => string>} */
const SAID = {
  "cut at an ellipsis": (link) => `#${link.slice(0, 60)}…`,
  "cut at three dots": (link) => `#${link.slice(0, 60)}...`,
  "cut in brackets": (link) => `#${link.slice(0, 60)}[…]`,
  "shortened in the middle": (link) => `#${link.slice(0, 25)}…${link.slice(-12)}`,
  "cut at its first &": () => "#v=1",
  "cut behind its v": () => "#v",
  "cut behind its first &": () => "#v=1&",
  "without its separators": (link) => `#${link.replaceAll("&", "")}`,
  "without its equals signs": (link) => `#${link.replaceAll("=", "")}`,
};

for (const [name, mangle] of Object.entries(SAID)) {
  test(`A link that cannot be read as it was written is said: ${name}`, () => {
    for (const link of WRITTEN) {
      const read = parseLink(mangle(link));
      // Without any link, the page says that there is none.
      assert.ok(!read || read.dropped.length + read.unknown.length > 0, mangle(link));
    }
  });
}

test("A link in one case is read as it was written, unless it has a drawing or a picture, which is said", () => {
  for (const link of WRITTEN) {
    for (const mangled of [link.toUpperCase(), link.toLowerCase()]) {
      const read = parseLink(`#${mangled}`);
      assert.ok(read);
      if (!/strokes|pixels/.test(link))
        assert.deepEqual([read.link, read.dropped], [parseLink(link)?.link, []], mangled);
      else assert.equal(read.dropped.length, 1, mangled);
    }
  }
});

test("A link by hand that a program has shortened is said, though it needs no end", () => {
  for (const hash of ["#v=1&sample=10&target=6…", "#v=1&sample=10&target=6...", "#v=1&sample=10&target=6[…]"])
    assert.deepEqual(parseLink(hash)?.dropped, ["end"], hash);
});

test("A long drawing in one case is not read as another drawing", () => {
  // The count of 939 points is written without capitals.
  const stroke = Uint8Array.from({ length: 2 * 939 }, (_, place) => (7 * place) % 256);
  const text = writeStrokes([stroke]);
  assert.ok(readStrokes(text.toLowerCase()).whole, "only its case shows that it was changed");
  assert.deepEqual(parseLink(`#v=1&strokes=${text.toLowerCase()}&end`)?.dropped, ["strokes"]);
  assert.equal(parseLink(`#v=1&strokes=${text.toLowerCase()}&end`)?.link.strokes, null);
  assert.deepEqual(parseLink(`#V=1&STROKES=${text.toUpperCase()}&END`)?.dropped, ["strokes"]);
  assert.deepEqual(plain(parseLink(`#V=1&STROKES=${text}&END`)?.link).strokes, [[...stroke]]);
});

test("A link cut anywhere is said", () => {
  for (const link of [...WRITTEN, GOLDEN[1].link.slice(1)].filter((link) => link.includes("left=")))
    for (let length = 1; length < link.length - "end".length; length++) {
      const read = parseLink(`#${link.slice(0, length)}`);
      assert.ok(read && read.dropped.length + read.unknown.length > 0, link.slice(0, length));
    }
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
    `${"&".repeat(6e4)}a${"x".repeat(1e6)}`,
    `${".".repeat(6e4)}a${"x".repeat(1e6)}`,
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
