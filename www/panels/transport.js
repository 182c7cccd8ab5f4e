/** The scrubber over the steps of an attack, shared by both panels, and the buttons beside it. */
import { ATTACKS } from "../domain/attacks.js";
import { must, setText } from "../page/dom.js";
import { t } from "../page/i18n.js";
import { lastIteration } from "../session/player.js";

const MOST_TICKS = 60;

/** Steps that Page up and Page down go. */
const PAGE = 10;

/**
 * @param {import("../session/state.js").Store} store
 * @param {import("../session/session.js").Session} session
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
  // The keys go by what is shown, and not by what the range holds: that is drawn a frame later, and the
  // browser would count from the image before, or tell of no change where it stands at the end already.
  const by = (/** @type {number} */ steps) => () => session.show(state.shown + steps);
  const keys = new Map(
    Object.entries({
      " ": toggle,
      Home: () => session.show(0),
      End: () => session.show(lastIteration(state)),
      ArrowLeft: by(-1),
      ArrowDown: by(-1),
      PageDown: by(-PAGE),
      ArrowRight: by(1),
      ArrowUp: by(1),
      PageUp: by(PAGE),
    }),
  );
  // Whoever takes hold of the scrubber stops what is being played.
  scrubber.addEventListener("pointerdown", () => session.show());
  scrubber.addEventListener("keydown", (event) => {
    const does = keys.get(event.key);
    // With one of these the key is the browser's: Alt and the left arrow go back.
    if (!does || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    does();
  });

  /** @param {import("../session/state.js").State} state */
  return ({ shown, playing, settings }) => {
    const last = lastIteration(state);
    scrubber.max = String(last);
    scrubber.value = String(shown);
    // More ticks than these would be a bar.
    scrubber.classList.toggle("is-ruled", last > 0 && last <= MOST_TICKS);
    scrubber.style.setProperty("--intervals", String(Math.max(1, last)));
    const words =
      last > 0 ? t(`transport.position.${ATTACKS[settings.attack].changes}`, { shown, last }) : t("transport.none");
    scrubber.setAttribute("aria-valuetext", words);
    setText(text, words);
    must("#transport", HTMLElement).dataset.last = String(last);
    play.dataset.playing = String(playing);
    play.setAttribute("aria-label", t(playing ? "transport.pause" : "transport.play"));
  };
}
