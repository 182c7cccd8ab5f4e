/** Saves files and copies text. */
import { make } from "./dom.js";

/** Milliseconds to keep the address of a saved file. By then the browser has saved the file or refused it. */
const URL_LIFETIME = 60_000;

/** @param {string} name @param {Blob} blob */
export function saveFile(name, blob) {
  const url = URL.createObjectURL(blob);
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), URL_LIFETIME);
}

/**
 * Copies the text of a field. If the browser does not allow it, the text is selected, so that the visitor can copy it.
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
