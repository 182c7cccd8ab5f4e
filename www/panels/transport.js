/** The scrubber over the steps of both attacks, with its buttons. */
import { ATTACKS } from "../domain/attacks.js";
import { must, setText } from "../page/dom.js";
import { t } from "../page/i18n.js";
import { lastIteration } from "../session/player.js";

/** With more steps than this the ticks would run into each other. */
const MAX_TICKS = 60;

/** The number of steps that Page Up and Page Down move. */
const PAGE_STEPS = 10;

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
  // The keys move from the shown step, not from the value of the range input. That value is updated a frame later:
  // the browser would count from the step before, or report no change if the range is already at its end.
  const moveBy = (/** @type {number} */ steps) => () => session.show(state.shown + steps);
  const keys = new Map(
    Object.entries({
      " ": toggle,
      Home: () => session.show(0),
      End: () => session.show(lastIteration(state)),
      ArrowLeft: moveBy(-1),
      ArrowDown: moveBy(-1),
      PageDown: moveBy(-PAGE_STEPS),
      ArrowRight: moveBy(1),
      ArrowUp: moveBy(1),
      PageUp: moveBy(PAGE_STEPS),
    }),
  );
  // Taking hold of the scrubber stops playing.
  scrubber.addEventListener("pointerdown", () => session.show());
  scrubber.addEventListener("keydown", (event) => {
    const action = keys.get(event.key);
    // With these modifiers the key belongs to the browser: Alt with the left arrow goes back.
    if (!action || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    action();
  });

  /** @param {import("../session/state.js").State} state */
  return ({ shown, playing, settings }) => {
    const last = lastIteration(state);
    scrubber.max = String(last);
    scrubber.value = String(shown);
    scrubber.classList.toggle("is-ruled", last > 0 && last <= MAX_TICKS);
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
