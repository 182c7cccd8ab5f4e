/** The strip of test images: two rows of fifty, walked through with the arrow keys. */
import { DATASETS } from "../domain/datasets.js";
import { make, must } from "../page/dom.js";
import { showError } from "../page/errors.js";
import { className, t } from "../page/i18n.js";
import { sheetOf } from "../page/samples.js";

/** Tiles in a row of the strip, as the style sheet lays them out. */
const ROW = 50;
/** Tiles in a row of the file. */
const COLUMNS = 10;

/** @param {import("../session/session.js").Session} session */
export function setUpStrip(session) {
  const strip = must("#samples", HTMLElement);
  const problem = must("#samples-error", HTMLElement);
  must("#samples-retry", HTMLButtonElement).addEventListener("click", session.openSamples);
  /** @type {HTMLButtonElement[]} */
  let tiles = [];
  let built = "";
  let shown = "";

  strip.addEventListener("click", ({ target }) => {
    const place = target instanceof Element ? tiles.findIndex((tile) => tile.contains(target)) : -1;
    if (place >= 0) session.chooseSample(place);
  });

  strip.addEventListener("keydown", (event) => {
    const from = tiles.findIndex((tile) => tile === document.activeElement);
    const to = neighbour(event.key, from, tiles.length);
    // With one of these the key is the browser's: Alt and the left arrow go back.
    if (from < 0 || to === null || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    session.chooseSample(to);
    tiles[to].focus();
  });

  /** @param {import("../session/state.js").State} state */
  function build({ data, samples }) {
    const now = `${document.documentElement.lang} ${data} ${samples.length}`;
    if (built === now) return;
    built = now;
    if (shown !== data || tiles.length !== samples.length) {
      shown = data;
      tiles = samples.map((_, place) => makeTile(data, place));
      strip.replaceChildren(...tiles);
    }
    samples.forEach(({ index, label }, place) => {
      const name = t("strip.image", { label: className(DATASETS[data], label), index: String(index) });
      tiles[place].title = name;
      tiles[place].setAttribute("aria-label", name);
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
    tiles.forEach((tile, place) => {
      tile.setAttribute("aria-selected", String(place === sample));
      tile.tabIndex = place === (sample ?? 0) ? 0 : -1;
    });
    if (sample !== null) reveal(strip, tiles[sample]);
  };
}

/** @param {string} data @param {number} place */
function makeTile(data, place) {
  const image = make("span", { class: "tile-image" });
  showSample(image, data, place);
  return make("button", { type: "button", role: "option", class: "tile" }, image);
}

/**
 * Gives an element the picture of a sample as its background.
 *
 * @param {HTMLElement} element
 * @param {string} data
 * @param {number} place
 */
export function showSample(element, data, place) {
  element.style.backgroundImage = `url("${sheetOf(data)}")`;
  const [column, row] = [place % COLUMNS, Math.floor(place / COLUMNS)];
  element.style.backgroundPosition = `${(100 * column) / (COLUMNS - 1)}% ${(100 * row) / (COLUMNS - 1)}%`;
}

/** @param {string} key @param {number} from @param {number} length */
function neighbour(key, from, length) {
  const by = {
    ArrowLeft: from - 1,
    ArrowRight: from + 1,
    ArrowUp: from - ROW,
    ArrowDown: from + ROW,
    Home: 0,
    End: length - 1,
  };
  const to = key in by ? by[/** @type {keyof typeof by} */ (key)] : -1;
  return to >= 0 && to < length ? to : null;
}

/** Scrolls the strip, not the page, to the chosen tile. @param {HTMLElement} strip @param {HTMLElement} tile */
function reveal(strip, tile) {
  const [least, most] = [tile.offsetLeft + tile.offsetWidth - strip.clientWidth, tile.offsetLeft];
  if (strip.scrollLeft < least || strip.scrollLeft > most) strip.scrollLeft = tile.offsetLeft - strip.clientWidth / 2;
}
