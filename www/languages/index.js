/** The languages of the page, each with its own name. Written by `npm run languages`. */
export const LANGUAGES = /** @type {const} */ ({
  en: "English",
  ja: "日本語",
});
