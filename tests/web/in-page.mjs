/** Functions that are evaluated in the page, for the browsers that Playwright does not drive. */

/** Whether both networks are loaded and have classified the image. */
export const isReady = () =>
  document.querySelectorAll('[data-panel][data-status="ready"]:not([data-label=""])').length === 2;

/** Whether the attack has ended in both panels. */
export const hasEnded = () =>
  document.body.dataset.running === "false"
  && document.querySelectorAll('[data-panel]:not([data-outcome=""])').length === 2;

/** The outcome of the attack in each panel. */
export const outcomes = () =>
  [...document.querySelectorAll("[data-panel]")].map((panel) => panel.getAttribute("data-outcome"));
