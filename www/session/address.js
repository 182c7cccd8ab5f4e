/**
 * Keeps the address of the page and what it shows the same. A visitor's request makes a new entry
 * in the history; a step, a view, a language changes the entry that is there. What the page shows
 * on its own or because a link says so is never written, so an address that was opened stays as it is.
 */
import { DATASETS } from "../domain/datasets.js";
import { networkName } from "../domain/networks.js";
import { SETTINGS } from "../domain/settings.js";
import { emptyLink, hasSameFields, parseLink, writeLink } from "../link/link.js";
import { language } from "../page/i18n.js";
import { chosenTheme } from "../page/theme.js";
import { SIDES } from "./state.js";

/** @typedef {import("../link/link.js").Link} Link */
/** @typedef {import("./state.js").State} State */

/** Milliseconds between looks. Browsers allow about a hundred changes of the address in half a minute. */
const PACE = 400;

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

/** What is on the page, as a link says it. @param {State} state @returns {Link} */
export function describe({
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
}) {
  const { model: left } = panels.left;
  const { model: right } = panels.right;
  const hasRun = running || SIDES.some((side) => panels[side].steps.length > 0);
  return {
    ...emptyLink(),
    ...settings,
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
    lang: language(),
    theme: chosenTheme(),
  };
}

/** Whether there is nothing under way that would make another link of it in an instant. @param {State} state */
export const isAtRest = ({ running, playing, picture, strokes }) =>
  !running && !playing && (picture.sample !== null || picture.strokes === strokes);

/** The whole address of a link, on this page. @param {Link} link */
export const addressOf = (link) => new URL(`#${writeLink(link)}`, location.origin + location.pathname).href;

/** The link that the page was opened with, or goes back to; null where the address holds something else. */
export function linkHere() {
  if (location.hash === "") return { link: emptyLink(), dropped: [] };
  return parseLink(location.hash);
}

/**
 * @param {import("./state.js").Store} store
 * @param {(said: NonNullable<ReturnType<typeof linkHere>>) => void} onMove A link to go to: by the buttons back and
 * forward, or typed.
 */
export function setUpAddress({ state }, onMove) {
  /** What the address says. @type {Link} */
  let written = describe(state);
  /** What was there at the last look. @type {Link} */
  let seen = written;
  /** @type {ReturnType<typeof setTimeout> | 0} */
  let timer = 0;

  addEventListener("popstate", () => {
    const said = linkHere();
    if (said && !hasSameFields(said.link, describe(state), ALL)) onMove(said);
  });

  function look() {
    timer = 0;
    const now = describe(state);
    const isSettled = hasSameFields(seen, now, REQUEST);
    seen = now;
    if (hasSameFields(written, now, ALL)) return;
    // A slider that is dragged, a pen that draws: the request is written when it stands still.
    if (!isSettled) return wait();
    const isNew =
      !hasSameFields(written, now, REQUEST)
      || (written.step === null) !== (now.step === null)
      || SIDES.some((side) => written[side] && !hasSameFields(written, now, [side]));
    written = now;
    try {
      history[isNew ? "pushState" : "replaceState"](null, "", addressOf(now));
    } catch {
      // The browser finds that there have been too many changes; the next one is written again.
    }
  }

  function wait() {
    timer ||= setTimeout(look, PACE);
  }

  return () => {
    if (state.touched) return wait();
    clearTimeout(timer);
    timer = 0;
    written = seen = describe(state);
  };
}
