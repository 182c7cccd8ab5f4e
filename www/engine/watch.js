/** Whether somebody is still there: a worker that is started, one that is asked, and a host that a file comes from. */

/** The clock of the watch, in seconds. It stands still while the machine sleeps, as a worker does. */
const TICK = 2;
/** Seconds in which a worker answers, however busy it is: far more than any step takes. */
export const PATIENCE = 30;

/** @param {number} seconds */
export const silentFor = (seconds) => `has not answered for ${seconds} seconds`;

/**
 * Counts seconds of silence, and says when there are too many.
 *
 * @param {number} most
 * @param {() => void} onLost
 * @param {() => boolean} [isDue] Asked at every tick: whether an answer is due at all.
 */
export function listen(most, onLost, isDue = () => true) {
  let silence = 0;
  const clock = setInterval(() => {
    silence = isDue() ? silence + TICK : 0;
    if (silence > most) onLost();
  }, 1000 * TICK);
  return {
    hear: () => { silence = 0; },
    end: () => clearInterval(clock),
  };
}

/**
 * A worker that has said its first word. Some browsers refuse a worker at once, others when they have
 * read its script, and one may be ended before it says anything.
 *
 * @param {() => Worker} make
 * @returns {Promise<Worker>}
 */
export function startWorker(make) {
  return new Promise((resolve, reject) => {
    const worker = make();
    const patience = listen(PATIENCE, () => giveUp(`it ${silentFor(PATIENCE)}`));
    worker.onmessage = () => {
      patience.end();
      resolve(worker);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      giveUp(event.message || "its script could not be loaded");
    };
    /** @param {string} reason */
    function giveUp(reason) {
      patience.end();
      worker.terminate();
      reject(new Error(reason));
    }
  });
}
