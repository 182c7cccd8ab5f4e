/** Control over the timers with which the page checks that its workers still answer. */

/**
 * A script for the page. It stops the timers that check workers; they fire when a test calls `tick()`. The timers that
 * check downloads are not affected.
 */
export const CLOCK = `
  {
    const [interval, clear] = [setInterval, clearInterval];
    const callbacks = new Map();
    globalThis.setInterval = (callback, after) => {
      if (after !== 2000 || /fetch\\.js/.test(new Error().stack)) return interval(callback, after);
      const id = interval(() => {}, 1e9);
      callbacks.set(id, callback);
      return id;
    };
    globalThis.clearInterval = (id) => { callbacks.delete(id); clear(id); };
    globalThis.tick = () => [...callbacks.values()].forEach((callback) => callback());
  }
`;

/** More ticks than the page waits for before it gives up a worker. */
export const TICKS = 20;
