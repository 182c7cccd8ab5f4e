/** Text as a part of HTML. */

const ENTITIES = /** @type {Record<string, string>} */ ({ "&": "&amp;", "<": "&lt;", '"': "&quot;" });

/** Text that can stand in an element or in a quoted attribute. @param {string} text */
export const escapeHtml = (text) => text.replace(/[&<"]/g, (letter) => ENTITIES[letter]);
