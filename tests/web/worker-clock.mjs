/** Control over the timers with which the page checks that its workers still answer. */

/**
 * A script for the page. It stops the timers that check workers; they fire when a test calls `tick()`. The timers that
 * check downloads are not affected.
 */
export const CLOCK = `
  {
    const [interval, clear] = [setInterval, clearInterval];
    const clocks = new Map();
    globalThis.setInterval = (ring, after) => {
      if (after !== 2000 || /fetch\\.js/.test(new Error().stack)) return interval(ring, after);
      const name = interval(() => {}, 1e9);
      clocks.set(name, ring);
      return name;
    };
    globalThis.clearInterval = (name) => { clocks.delete(name); clear(name); };
    globalThis.tick = () => [...clocks.values()].forEach((ring) => ring());
  }
`;

/** More ticks than the page waits for before it gives up a worker. */
export const TICKS = 20;
