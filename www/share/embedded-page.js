/**
 * The page as a guest in somebody else's: `?embed=1` and a few flags. A guest shows the two panels
 * and what it was asked for, takes up no more than it needs, and does not write its address, which
 * belongs to its host.
 */

import { CHOICES } from "../domain/settings.js";
import { must } from "../page/dom.js";
import { LANGUAGES, translate } from "../page/i18n.js";
import { addressOf, isIdle, linkOfState } from "../session/address.js";

/** What can be shown besides the panels. */
const PARTS = /** @type {const} */ (["controls", "target", "temperature", "draw", "story"]);

/**
 * @typedef {object} Guest
 * @property {Set<string>} parts
 * @property {boolean} autoplay Whether the attack starts when it comes into view.
 * @property {import("../page/i18n.js").Language | null} lang
 * @property {typeof CHOICES.theme[number] | null} theme
 * @property {'near' | 'click' | 'now'} load When the engine is fetched.
 */

/**
 * Flags that this page does not know, or that say something else than they can, are passed over.
 *
 * @param {string} search
 * @returns {Guest | null}
 */
export function parseGuest(search) {
  const said = new URLSearchParams(search.slice(0, 2000));
  if (said.get("embed") !== "1") return null;
  const isOn = (/** @type {string} */ name) => said.get(name) === "1";
  return {
    parts: new Set(PARTS.filter(isOn)),
    autoplay: isOn("autoplay"),
    lang: LANGUAGES.find((language) => language === said.get("lang")) ?? null,
    theme: CHOICES.theme.find((theme) => theme === said.get("theme")) ?? null,
    load: /** @type {const} */ (["click", "now"]).find((moment) => moment === said.get("load")) ?? "near",
  };
}

/**
 * Puts the page into its guest's shape, and keeps the host informed of its height.
 *
 * @param {Guest} guest
 */
export function setUpEmbeddedPage({ parts }) {
  document.documentElement.dataset.embed = [...parts].join(" ");
  must("#pad-hint", HTMLElement).dataset.t = "pad.hint.guest";
  translate(must(".pad-frame", HTMLElement));
  const link = must("#open-page", HTMLAnchorElement);
  link.hidden = false;
  link.href = location.pathname + location.hash;
  tellHeight();

  /** @param {import("../session/state.js").State} state */
  return (state) => {
    if (state.models.length > 0 && isIdle(state)) link.href = addressOf(linkOfState(state));
  };
}

/**
 * Resolves when the engine should be fetched. Until then the page shows the picture, which needs none.
 *
 * @param {Guest} guest
 */
export async function awake({ load }) {
  if (load === "now") return;
  if (load === "near") return visible();
  const wake = must("#wake", HTMLButtonElement);
  const plate = must("#plate", HTMLElement);
  wake.hidden = false;
  plate.inert = true;
  await new Promise((resolve) => wake.addEventListener("click", resolve, { once: true }));
  wake.hidden = true;
  plate.inert = false;
  must('[data-panel="left"]', HTMLElement).focus({ preventScroll: true });
}

/** Resolves when a good part of the page is on the screen, wherever its frame is. */
export function visible() {
  return new Promise((/** @type {(value: void) => void} */ resolve) => {
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        observer.disconnect();
        resolve();
      },
      { threshold: 0.2 },
    );
    observer.observe(must(".bench", HTMLElement));
  });
}

/**
 * What host and guest say to each other: after `ready` the host says `measure`, and is told the height then and
 * whenever it changes.
 */
const NAME = "defensive-distillation";

/** Only the window that holds this frame is listened to, and only the origin that asked is told. */
function tellHeight() {
  /** @type {string | null} */
  let asker = null;
  let told = 0;
  const tell = () => {
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    if (asker === null || height === told) return;
    told = height;
    parent.postMessage({ [NAME]: "height", height }, asker);
  };
  addEventListener("message", ({ source, origin, data }) => {
    if (parent === window || source !== parent || data?.[NAME] !== "measure") return;
    // A host that is sandboxed itself has no name to be called by.
    asker = origin === "null" ? "*" : origin;
    told = 0;
    tell();
  });
  new ResizeObserver(tell).observe(document.body);
  if (parent !== window) parent.postMessage({ [NAME]: "ready" }, "*");
}
