/** Conditions and readings that are evaluated in the page, for the browsers that Playwright does not drive. */

/** Both networks are loaded and have read the image. */
export const isReady = () =>
  document.querySelectorAll('[data-panel][data-status="ready"]:not([data-label=""])').length === 2;

/** The attack has ended in both panels. */
export const hasEnded = () =>
  document.body.dataset.running === "false"
  && document.querySelectorAll('[data-panel]:not([data-outcome=""])').length === 2;

/** How the attack has ended in each panel. */
export const outcomes = () =>
  [...document.querySelectorAll("[data-panel]")].map((panel) => panel.getAttribute("data-outcome"));
