/** A watchdog for workers and file downloads: it counts how long they have been silent. */

/**
 * Seconds between two checks. The watchdog counts checks and does not read a clock, because the page and its workers
 * both stop while the machine sleeps.
 */
const TICK = 2;
/** Seconds of silence after which a worker or a server counts as lost. No step takes nearly as long. */
export const SILENCE_LIMIT = 30;

/** @param {number} seconds */
export const silenceMessage = (seconds) => `has not answered for ${seconds} seconds`;

/**
 * Calls `onLost` after more than `limit` seconds of silence.
 *
 * @param {number} limit Seconds.
 * @param {() => void} onLost
 * @param {() => boolean} [isAnswerDue] Called at every check. Silence counts only while an answer is due.
 * @returns {{ reset: () => void, stop: () => void }} `reset` starts counting from zero, `stop` ends the watchdog.
 */
export function startWatchdog(limit, onLost, isAnswerDue = () => true) {
  let silence = 0;
  const timer = setInterval(() => {
    silence = isAnswerDue() ? silence + TICK : 0;
    if (silence > limit) onLost();
  }, 1000 * TICK);
  return {
    reset: () => {
      silence = 0;
    },
    stop: () => clearInterval(timer),
  };
}
