/** Encodes bytes as text for a link: base64url, which only has characters that are allowed in an address. */

/** Encodes bytes. @param {ArrayLike<number>} bytes */
export function toBase64(bytes) {
  const all = Array.from(bytes);
  // In groups of three bytes, because the number of arguments of a function is limited.
  const groups = Array.from({ length: Math.ceil(all.length / 3) }, (_, place) =>
    btoa(String.fromCharCode(...all.slice(3 * place, 3 * place + 3))),
  );
  return groups.join("").replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** How many characters encode so many bytes. @param {number} bytes */
export const encodedLength = (bytes) => Math.ceil((bytes * 4) / 3);

/**
 * Decodes a text up to its first invalid character. `whole` is whether that is all of the text.
 *
 * @param {string} text
 * @param {number} maxBytes
 */
export function fromBase64(text, maxBytes) {
  const usable = /^[A-Za-z0-9_-]*/.exec(text.slice(0, encodedLength(maxBytes)))?.[0] ?? "";
  // A single last character is dropped, because it has only six bits of a byte.
  const complete = usable.length % 4 === 1 ? usable.slice(0, -1) : usable;
  const binary = atob(complete.replaceAll("-", "+").replaceAll("_", "/"));
  return { bytes: Uint8Array.from(binary, (letter) => letter.charCodeAt(0)), whole: complete.length === text.length };
}
