/** What a visitor takes from the page: files, and text on the clipboard. */
import { make } from "./dom.js";

/** Milliseconds after which the browser has a file, or has refused it. */
const KEPT = 60_000;

/** @param {string} name @param {Blob} blob */
export function saveFile(name, blob) {
  const url = URL.createObjectURL(blob);
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT);
}

/**
 * Copies the text of a field. Where the browser does not allow it, the text is selected, to be copied by hand.
 *
 * @param {HTMLTextAreaElement} field
 * @returns {Promise<boolean>} Whether it was copied.
 */
export async function copyText(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    field.focus();
    field.select();
    return false;
  }
}
