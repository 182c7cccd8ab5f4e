// This script runs before the first paint, so that a page never shows another theme than the chosen one. `theme.js`
// chooses in the same order: the embed's theme, the link's, the one chosen on an earlier visit.
{
  const query = new URLSearchParams(location.search);
  let theme = query.get("embed") === "1" ? query.get("theme") : null;
  theme ??= /^#v=.*&theme=(dark|light)(&|$)/.exec(location.hash)?.[1] ?? null;
  try {
    theme ??= localStorage.getItem("theme");
  } catch {
    // Without storage the system's theme is used.
  }
  const sheet = document.querySelector("#dark-sheet");
  if (sheet && (theme === "dark" || theme === "light"))
    /** @type {HTMLLinkElement} */ (sheet).media = theme === "dark" ? "all" : "not all";
}
