/** The languages of the page, each with its own name and its direction. Written by `npm run languages`. */
export const LANGUAGES = /** @type {const} */ ({
  en: { name: "English", dir: "ltr" },
  ja: { name: "日本語", dir: "ltr" },
});
