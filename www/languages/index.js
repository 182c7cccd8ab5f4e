/** The languages that the page speaks, by their own names. Written by `npm run languages`. */
export const LANGUAGES = /** @type {const} */ ({
  en: "English",
  ja: "日本語",
});
