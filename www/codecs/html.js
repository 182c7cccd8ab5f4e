/** Escapes text for HTML. */

const ENTITIES = /** @type {Record<string, string>} */ ({ "&": "&amp;", "<": "&lt;", '"': "&quot;" });

/** Escapes text for the content of an element or a quoted attribute. @param {string} text */
export const escapeHtml = (text) => text.replace(/[&<"]/g, (letter) => ENTITIES[letter]);
