/**
 * Mends the text of an address that was changed on its way. Chats, mail programs and editors encode characters again,
 * escape `&` as in HTML, insert spaces, line breaks and invisible characters, put quotes around an address, and count
 * the punctuation behind it as part of it. None of the characters that are removed here occur in a link.
 */

/** How often a text is decoded. Each program on its way may have encoded it once more. */
const ROUNDS = 8;

/**
 * @param {string} text
 * @returns {{ text: string, isCut: boolean }} The mended text, whose fields are separated by `&`; and whether the text
 * ends with an ellipsis, as programs write where they shorten an address.
 */
export function mend(text) {
  let decoded = text;
  for (let round = 0; round < ROUNDS; round++) {
    const next = decodeEntities(decodePercent(decoded)).normalize("NFKC");
    if (next === decoded) break;
    decoded = next;
  }
  const visible = decoded.replace(/\p{Cf}|\p{Mn}/gu, "").replace(/[\u2010\u2212]/g, "-");
  // A link has one `#` and no `?`, but other programs may add fields behind these. `:~:` starts a text fragment.
  const separated = visible.replace(/:~:.*$/s, "").replace(/[?#;]/g, "&");
  const solid = cutBehindEnd(separated).replace(/[\s\p{Cc}"'`´‘’‚‛“”„«»‹›「」『』<>\\]+/gu, "");
  const whole = cutBehindEnd(solid);
  // Not a regular expression: it would look at a long row of such characters once for each of them.
  let length = whole.length;
  while (length > 0 && !/[A-Za-z0-9_=-]/.test(whole[length - 1])) length--;
  return { text: whole.slice(0, length), isCut: whole.includes("..", length) };
}

/** Removes what stands between the field `end` and the next `&`. @param {string} text */
const cutBehindEnd = (text) => text.replace(/(^|&)(end)(?![a-z0-9=])[^&]*/gi, "$1$2");

/** Decodes percent-encoded UTF-8. Signs that encode nothing stay. @param {string} text */
function decodePercent(text) {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded;
    }
  });
}

/** Characters that HTML escapes by name: those of a link, and those that stand around one. @type {Record<string, string>} */
const ENTITIES = {
  amp: "&",
  equals: "=",
  num: "#",
  quest: "?",
  period: ".",
  lowbar: "_",
  hyphen: "-",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
};

/** Decodes characters that are escaped as in HTML. @param {string} text */
function decodeEntities(text) {
  return text.replace(/&(?:#(\d{1,5})|#x([0-9a-f]{1,4})|([a-z]{2,6}));/gi, (entity, decimal, hexadecimal, name) => {
    if (name) return ENTITIES[name.toLowerCase()] ?? entity;
    return String.fromCharCode(decimal ? Number(decimal) : parseInt(hexadecimal, 16));
  });
}
