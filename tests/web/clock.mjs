/** The clock that a page watches its workers by, in the hands of a test. */

/**
 * A script for the page: the clock stands still, and ticks when a test calls `tick()`. Files are watched by a
 * clock of their own, which goes on.
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

/** More ticks than the page waits for. */
export const TICKS = 20;
