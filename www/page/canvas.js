/**
 * Whether a canvas can be trusted. Browsers that protect against fingerprinting return false pixels when a canvas is
 * read back, without an error.
 */

/** How far a value that is read back may be from the drawn one, out of 255. Some browsers change the last bits alone. */
const TOLERANCE = 3;
/** Colours that are drawn and read back. */
const KNOWN = Array.from({ length: 64 }, (_, place) => [(place * 37) % 256, (place * 101 + 50) % 256, 255 - 4 * place]);

/** Draws known pixels, reads them back, and returns whether they are the same. */
export function readsBack() {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [KNOWN.length, 1];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return false;
  KNOWN.forEach((colour, place) => {
    context.fillStyle = `rgb(${colour.join(", ")})`;
    context.fillRect(place, 0, 1, 1);
  });
  const { data } = context.getImageData(0, 0, KNOWN.length, 1);
  return KNOWN.every((colour, place) =>
    colour.every((value, channel) => Math.abs(data[4 * place + channel] - value) <= TOLERANCE),
  );
}
