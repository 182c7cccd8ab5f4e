/** The strip of test images: two rows of fifty. The arrow keys move through it. */
import { DATASETS } from "../domain/datasets.js";
import { make, must } from "../page/dom.js";
import { showError } from "../page/errors.js";
import { className, t } from "../page/i18n.js";
import { tilesUrl } from "../page/samples.js";

/** The number of tiles in a row of the strip, as in the style sheet. */
const STRIP_COLUMNS = 50;
/** The number of tiles in a row of the PNG file. */
const SHEET_COLUMNS = 10;

/** @param {import("../session/session.js").Session} session */
export function setUpStrip(session) {
  const strip = must("#samples", HTMLElement);
  const problem = must("#samples-error", HTMLElement);
  must("#samples-retry", HTMLButtonElement).addEventListener("click", session.openSamples);
  /** @type {HTMLButtonElement[]} */
  let tiles = [];
  let builtFrom = "";
  let shown = "";

  strip.addEventListener("click", ({ target }) => {
    const position = target instanceof Element ? tiles.findIndex((tile) => tile.contains(target)) : -1;
    if (position >= 0) session.chooseSample(position);
  });

  strip.addEventListener("keydown", (event) => {
    const from = tiles.findIndex((tile) => tile === document.activeElement);
    const to = tileAfterKey(event.key, from, tiles.length);
    // With these modifiers the key belongs to the browser: Alt with the left arrow goes back.
    if (from < 0 || to === null || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    session.chooseSample(to);
    tiles[to].focus();
  });

  /** @param {import("../session/state.js").State} state */
  function build({ data, samples }) {
    const now = `${document.documentElement.lang} ${data} ${samples.length}`;
    if (builtFrom === now) return;
    builtFrom = now;
    if (shown !== data || tiles.length !== samples.length) {
      shown = data;
      tiles = samples.map((_, position) => makeTile(data, position));
      strip.replaceChildren(...tiles);
    }
    samples.forEach(({ index, label }, position) => {
      const name = t("strip.image", { label: className(DATASETS[data], label), index: String(index) });
      tiles[position].title = name;
      tiles[position].setAttribute("aria-label", name);
    });
  }

  /** @type {number | null} */
  let chosen = -1;
  /** @param {import("../session/state.js").State} state */
  return (state) => {
    build(state);
    problem.hidden = !state.samplesError;
    strip.hidden = Boolean(state.samplesError);
    if (state.samplesError) showError(must(".notice-text", HTMLElement, problem), state.samplesError);
    const { sample } = state.picture;
    if (sample === chosen && tiles[0]?.hasAttribute("aria-selected")) return;
    chosen = sample;
    tiles.forEach((tile, position) => {
      tile.setAttribute("aria-selected", String(position === sample));
      tile.tabIndex = position === (sample ?? 0) ? 0 : -1;
    });
    if (sample !== null) scrollToTile(strip, tiles[sample]);
  };
}

/** @param {string} data @param {number} position */
function makeTile(data, position) {
  const image = make("span", { class: "tile-image" });
  showSample(image, data, position);
  return make("button", { type: "button", role: "option", class: "tile" }, image);
}

/**
 * Sets the background of an element to the picture of a sample.
 *
 * @param {HTMLElement} element
 * @param {string} data
 * @param {number} position In the list of samples.
 */
export function showSample(element, data, position) {
  element.style.backgroundImage = `url("${tilesUrl(data)}")`;
  const [column, row] = [position % SHEET_COLUMNS, Math.floor(position / SHEET_COLUMNS)];
  element.style.backgroundPosition = `${(100 * column) / (SHEET_COLUMNS - 1)}% ${(100 * row) / (SHEET_COLUMNS - 1)}%`;
}

/**
 * The index of the tile that a key moves to; null if there is none.
 *
 * @param {string} key
 * @param {number} from
 * @param {number} length
 */
function tileAfterKey(key, from, length) {
  const target = {
    ArrowLeft: from - 1,
    ArrowRight: from + 1,
    ArrowUp: from - STRIP_COLUMNS,
    ArrowDown: from + STRIP_COLUMNS,
    Home: 0,
    End: length - 1,
  };
  const to = key in target ? target[/** @type {keyof typeof target} */ (key)] : -1;
  return to >= 0 && to < length ? to : null;
}

/** Scrolls the strip, not the page, to the chosen tile. @param {HTMLElement} strip @param {HTMLElement} tile */
function scrollToTile(strip, tile) {
  const [least, most] = [tile.offsetLeft + tile.offsetWidth - strip.clientWidth, tile.offsetLeft];
  if (strip.scrollLeft < least || strip.scrollLeft > most) strip.scrollLeft = tile.offsetLeft - strip.clientWidth / 2;
}
