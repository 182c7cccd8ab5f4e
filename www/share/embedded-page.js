/**
 * The embedded page: this page in a frame of another page (the host), with `?embed=1` and a few flags. It shows the two
 * panels and the parts that the flags name, is no higher than its content, and does not change its address, which the
 * host chose.
 */

import { CHOICES } from "../domain/settings.js";
import { mend } from "../link/mend.js";
import { must } from "../page/dom.js";
import { toLanguage, translate } from "../page/i18n.js";
import { addressOf, isIdle, linkOfState } from "../session/address.js";

/** The rest of a longer query is not read. */
const MAX_QUERY = 2000;
/** What an embedded page can show besides the panels. */
const PARTS = /** @type {const} */ (["controls", "target", "temperature", "draw", "story"]);

/**
 * @typedef {object} EmbedOptions
 * @property {Set<string>} parts
 * @property {boolean} autoplay Whether the attack starts when the page comes into view.
 * @property {import("../page/i18n.js").Language | null} lang
 * @property {typeof CHOICES.theme[number] | null} theme
 * @property {'near' | 'click' | 'now'} load When the engine is fetched: when the page comes into view, at a click, or
 * at once.
 */

/**
 * Reads the flags of an embedded page. Unknown flags and invalid values are ignored.
 *
 * @param {string} search
 * @returns {EmbedOptions | null} `null` if the page is not embedded.
 */
export function parseEmbedOptions(search) {
  const flags = new URLSearchParams(mend(search.slice(0, MAX_QUERY)).text.toLowerCase());
  if (flags.get("embed") !== "1") return null;
  const isOn = (/** @type {string} */ name) => flags.get(name) === "1";
  return {
    parts: new Set(PARTS.filter(isOn)),
    autoplay: isOn("autoplay"),
    lang: toLanguage(flags.get("lang")) ?? null,
    theme: CHOICES.theme.find((theme) => theme === flags.get("theme")) ?? null,
    load: /** @type {const} */ (["click", "now"]).find((moment) => moment === flags.get("load")) ?? "near",
  };
}

/**
 * Lays the page out as an embedded page, and sends the host its height whenever that changes.
 *
 * @param {EmbedOptions} options
 */
export function setUpEmbeddedPage({ parts }) {
  document.documentElement.dataset.embed = [...parts].join(" ");
  must("#pad-hint", HTMLElement).dataset.t = "pad.hint.guest";
  translate(must(".pad-frame", HTMLElement));
  const link = must("#open-page", HTMLAnchorElement);
  link.hidden = false;
  link.href = location.pathname + location.hash;
  sendHeight();

  /** @param {import("../session/state.js").State} state */
  return (state) => {
    if (state.models.length > 0 && isIdle(state)) link.href = addressOf(linkOfState(state));
  };
}

/**
 * Resolves when the engine should be fetched. Until then the page shows the image, which needs no engine.
 *
 * @param {EmbedOptions} options
 */
export async function whenEngineNeeded({ load }) {
  if (load === "now") return;
  if (load === "near") return whenVisible();
  const button = must("#wake", HTMLButtonElement);
  const plate = must("#plate", HTMLElement);
  button.hidden = false;
  plate.inert = true;
  await new Promise((resolve) => button.addEventListener("click", resolve, { once: true }));
  button.hidden = true;
  plate.inert = false;
  must('[data-panel="left"]', HTMLElement).focus({ preventScroll: true });
}

/** Resolves when a fifth of the panels' area is on the screen, also inside frames within frames. */
export function whenVisible() {
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
 * The key of the messages between the host and the embedded page. The embedded page sends `ready`; the host answers
 * `measure`; from then on the embedded page sends its height, and again whenever it changes.
 */
const NAME = "defensive-distillation";

/** Accepts messages from the parent window only, and sends the height only to the origin that asked for it. */
function sendHeight() {
  /** @type {string | null} */
  let hostOrigin = null;
  let sentHeight = 0;
  const send = () => {
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    if (hostOrigin === null || height === sentHeight) return;
    sentHeight = height;
    parent.postMessage({ [NAME]: "height", height }, hostOrigin);
  };
  addEventListener("message", ({ source, origin, data }) => {
    if (parent === window || source !== parent || data?.[NAME] !== "measure") return;
    // A sandboxed host has the origin "null", which cannot be addressed; "*" can.
    hostOrigin = origin === "null" ? "*" : origin;
    sentHeight = 0;
    send();
  });
  new ResizeObserver(send).observe(document.body);
  if (parent !== window) parent.postMessage({ [NAME]: "ready" }, "*");
}
