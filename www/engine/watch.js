/** Counts how long a worker, or a server that sends a file, has been silent. */

/**
 * Seconds between two looks. Ticks are counted, not time, since the page and its workers stand still together while the
 * machine sleeps.
 */
const TICK = 2;
/** Seconds in which a worker or a server answers, however busy it is: far more than any step takes. */
export const PATIENCE = 30;

/** @param {number} seconds */
export const silentFor = (seconds) => `has not answered for ${seconds} seconds`;

/**
 * Counts seconds of silence, and calls `onLost` when there are too many.
 *
 * @param {number} most Seconds.
 * @param {() => void} onLost
 * @param {() => boolean} [isDue] Asked at every tick: whether an answer is due.
 */
export function listen(most, onLost, isDue = () => true) {
  let silence = 0;
  const clock = setInterval(() => {
    silence = isDue() ? silence + TICK : 0;
    if (silence > most) onLost();
  }, 1000 * TICK);
  return {
    hear: () => {
      silence = 0;
    },
    end: () => clearInterval(clock),
  };
}
