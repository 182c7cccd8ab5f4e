/** Bytes as text that fits into a link: base64 with the letters that an address may hold. */

/** @param {ArrayLike<number>} bytes */
export function toText(bytes) {
  const all = Array.from(bytes);
  // In pieces, since a function takes only so many arguments.
  const letters = Array.from({ length: Math.ceil(all.length / 3) }, (_, place) =>
    btoa(String.fromCharCode(...all.slice(3 * place, 3 * place + 3))),
  );
  return letters.join("").replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** How many letters so many bytes take. @param {number} bytes */
export const lettersOf = (bytes) => Math.ceil((bytes * 4) / 3);

/**
 * The bytes of a text as far as it can be read, and whether that is all of it.
 *
 * @param {string} text
 * @param {number} most Bytes at most.
 */
export function fromText(text, most) {
  const usable = /^[A-Za-z0-9_-]*/.exec(text.slice(0, lettersOf(most)))?.[0] ?? "";
  // A last letter on its own is six bits of a byte.
  const letters = usable.length % 4 === 1 ? usable.slice(0, -1) : usable;
  const binary = atob(letters.replaceAll("-", "+").replaceAll("_", "/"));
  return { bytes: Uint8Array.from(binary, (letter) => letter.charCodeAt(0)), whole: letters.length === text.length };
}
