/**
 * Writes what the page shows into its address, as a link. A new request by the visitor adds an entry
 * to the history; another step, view or language changes the current entry. The address is written only
 * after an action of the visitor, so an address that was opened stays as it is until then.
 */
import { isUntargeted, settingsForLink } from "../domain/attacks.js";
import { DATASETS } from "../domain/datasets.js";
import { networkName } from "../domain/networks.js";
import { SETTINGS } from "../domain/settings.js";
import { emptyLink, hasSameFields, parseLink, writeLink } from "../link/link.js";
import { language } from "../page/i18n.js";
import { chosenTheme } from "../page/theme.js";
import { SIDES } from "./state.js";

/** @typedef {import("../link/link.js").Link} Link */
/** @typedef {import("./state.js").State} State */

/** Milliseconds between updates. Browsers allow about a hundred changes of the address in half a minute. */
const INTERVAL = 400;

const REQUEST = /** @type {const} */ ([
  "data",
  "kleft",
  "kright",
  "sample",
  "strokes",
  "pixels",
  "target",
  ...SETTINGS,
]);
const ALL = /** @type {(keyof Link)[]} */ (Object.keys(emptyLink()));
/** Links made before readers kept their own language have a `lang` that does not show. */
const SHOWN = ALL.filter((name) => name !== "lang");

/** The link that describes the state. @param {State} state @returns {Link} */
export function linkOfState({
  data,
  samples,
  picture,
  strokes,
  settings,
  target,
  panels,
  running,
  shown,
  overlay,
  channel,
  marks,
  story,
  soft,
  fixesLanguage,
}) {
  const { model: left } = panels.left;
  const { model: right } = panels.right;
  const hasRun = running || SIDES.some((side) => panels[side].steps.length > 0);
  return {
    ...emptyLink(),
    ...settingsForLink(settings),
    untargeted: isUntargeted(settings),
    data,
    left: left && networkName(left),
    right: right && networkName(right),
    kleft: panels.left.scale,
    kright: panels.right.scale,
    sample: picture.sample === null ? null : samples[picture.sample].index,
    strokes: picture.sample === null && picture.own === null && DATASETS[data].isDrawn ? strokes : null,
    pixels: picture.own,
    target,
    step: hasRun ? shown : null,
    show: overlay,
    channel,
    marks,
    story,
    soft,
    lang: fixesLanguage ? language() : null,
    fixlang: fixesLanguage,
    theme: chosenTheme(),
  };
}

/** Whether the link of the state will stay the same until the visitor acts. @param {State} state */
export const isIdle = ({ running, playing, picture, strokes }) =>
  !running && !playing && (picture.sample !== null || picture.strokes === strokes);

/** The full address of this page with a link. @param {Link} link */
export const addressOf = (link) => new URL(`#${writeLink(link)}`, location.origin + location.pathname).href;

/**
 * The link in the current address, and notices of what was not understood; null if the address leads to an element of
 * the page, such as an entry of the list of papers.
 *
 * @returns {{ link: Link, notices: import("./state.js").LinkNotice[] } | null}
 */
export function linkFromAddress() {
  const read = parseLink(location.hash) ?? linkInQuery();
  if (read)
    return {
      link: read.link,
      notices: [...read.dropped, ...read.unknown.map((name) => /** @type {const} */ (`unknown.${name}`))],
    };
  const name = location.hash.slice(1);
  if (document.getElementById(name)) return null;
  return { link: emptyLink(), notices: name === "" ? [] : ["unread"] };
}

/**
 * The link behind a `?`, where some programs put what belongs behind the `#`. Queries also hold fields of the sites that
 * lead here, so it has to be a link of this version, and its unknown fields are not listed.
 */
function linkInQuery() {
  const read = parseLink(location.search);
  if (!read || read.dropped.some((part) => part === "start" || part === "version")) return null;
  return { ...read, unknown: [] };
}

/**
 * @param {import("./state.js").Store} store
 * @param {(opened: NonNullable<ReturnType<typeof linkFromAddress>>) => void} onMove Called when the visitor opens
 * another link: with the back or forward button, or by typing it.
 * @returns A view, which writes the address after the state has changed.
 */
export function setUpAddress({ state }, onMove) {
  /** The link in the address. @type {Link} */
  let written = linkOfState(state);
  /** The link of the state at the last update. @type {Link} */
  let lastSeen = written;
  /** @type {ReturnType<typeof setTimeout> | 0} */
  let timer = 0;

  addEventListener("popstate", () => {
    const opened = linkFromAddress();
    if (!opened) return;
    const isShown = opened.notices.length === 0 && hasSameFields(opened.link, linkOfState(state), SHOWN);
    if (!isShown || (opened.link.fixlang && opened.link.lang !== language())) onMove(opened);
  });

  function update() {
    timer = 0;
    const now = linkOfState(state);
    const isSettled = hasSameFields(lastSeen, now, REQUEST);
    lastSeen = now;
    if (hasSameFields(written, now, ALL)) return;
    // While a slider is dragged or a stroke is drawn, the request keeps changing. It is written once it stops.
    if (!isSettled) return schedule();
    const isNew =
      !hasSameFields(written, now, REQUEST)
      || (written.step === null) !== (now.step === null)
      || SIDES.some((side) => written[side] && !hasSameFields(written, now, [side]));
    written = now;
    try {
      history[isNew ? "pushState" : "replaceState"](null, "", addressOf(now));
    } catch {
      // The browser refuses when the address has changed too often. The next change is written again.
    }
  }

  function schedule() {
    timer ||= setTimeout(update, INTERVAL);
  }

  return () => {
    if (state.touched) return schedule();
    clearTimeout(timer);
    timer = 0;
    written = lastSeen = linkOfState(state);
  };
}
