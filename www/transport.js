/** The scrubber over the steps of an attack, shared by both panels, and the buttons beside it. */
import { ATTACKS } from "./attacks.js";
import { must, setText } from "./dom.js";
import { t } from "./i18n.js";
import { lastIteration } from "./player.js";

const MOST_TICKS = 60;

/**
 * @param {import("./state.js").Store} store
 * @param {import("./session.js").Session} session
 */
export function setUpTransport(store, session) {
  const { state } = store;
  const scrubber = must("#scrubber", HTMLInputElement);
  const play = must("#play", HTMLButtonElement);
  const text = must("#scrubber-text", HTMLOutputElement);
  const toggle = () => (state.playing ? session.show() : session.play());

  play.addEventListener("click", toggle);
  must("#back", HTMLButtonElement).addEventListener("click", () => session.show(state.shown - 1));
  must("#forward", HTMLButtonElement).addEventListener("click", () => session.show(state.shown + 1));
  scrubber.addEventListener("input", () => session.show(Number(scrubber.value)));
  // Whoever takes hold of the scrubber stops what is being played, also where it stands already:
  // the browser tells of a change alone, and what it has drawn may be one image behind.
  const keys = new Map([[" ", toggle], ["Home", () => session.show(0)], ["End", () => session.show(lastIteration(state))]]);
  scrubber.addEventListener("pointerdown", () => session.show());
  scrubber.addEventListener("keydown", (event) => {
    const does = keys.get(event.key);
    if (!does) return;
    event.preventDefault();
    does();
  });

  /** @param {import("./state.js").State} state */
  return ({ shown, playing, settings }) => {
    const last = lastIteration(state);
    scrubber.max = String(last);
    scrubber.value = String(shown);
    // More ticks than these would be a bar.
    scrubber.classList.toggle("is-ruled", last > 0 && last <= MOST_TICKS);
    scrubber.style.setProperty("--intervals", String(Math.max(1, last)));
    const words = last > 0 ? t(`transport.position.${ATTACKS[settings.attack].unit}`, { shown, last }) : t("transport.none");
    scrubber.setAttribute("aria-valuetext", words);
    setText(text, words);
    must("#transport", HTMLElement).dataset.last = String(last);
    play.dataset.playing = String(playing);
    play.setAttribute("aria-label", t(playing ? "transport.pause" : "transport.play"));
  };
}
