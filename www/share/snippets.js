/** The lines that put the page into somebody else's: an iframe, an element, Markdown. */

import { escapeHtml } from "../codecs/html.js";
import { heightFor } from "../embed.js";

/**
 * @typedef {object} Shared
 * @property {string} link The page's whole address, with what it shows.
 * @property {string} alt What both panels show, in words.
 * @property {string} image Address of a small picture of both panels.
 * @property {number[]} size Its width and height as it is shown.
 * @property {string} file Name under which the large picture is saved.
 * @property {string[]} flags What an embedded page shows besides the panels.
 */

/** @param {Shared} shared */
export function iframe({ link, alt, flags }) {
  const height = heightFor((part) => flags.includes(part), "vw", link);
  return `<iframe src="${escapeHtml(embedAddress(link, flags))}" title="${escapeHtml(alt)}" loading="lazy" style="border:0;width:100%;height:${height}"></iframe>`;
}

/** @param {Shared} shared */
export function element({ link, alt, image, size: [width, height], flags }) {
  const script = new URL("www/embed.js", link).href;
  const attributes = [
    `link="${escapeHtml(new URL(link).hash.slice(1))}"`,
    ...flags.map((flag) => (flag === "load=click" ? 'load="click"' : flag)),
  ].join(" ");
  // What loads by itself keeps its place before any script has run; what is clicked need not.
  const space = flags.includes("load=click") ? "0" : heightFor((part) => flags.includes(part), "cqw", link);
  return `<script type="module" src="${escapeHtml(script)}"></script>
<defensive-distillation ${attributes} style="display:block;container-type:inline-size">
  <a href="${escapeHtml(link)}" style="display:grid;place-items:center;min-height:${space}"><img src="${image}" alt="${escapeHtml(alt)}" width="${width}" height="${height}" style="max-width:100%;height:auto;image-rendering:pixelated"></a>
</defensive-distillation>`;
}

/** @param {Shared} shared */
export const markdown = ({ link, alt, file }) => `[![${alt.replace(/[[\]\\]/g, "\\$&")}](${file})](${link})`;

/**
 * The address of a page to be embedded. Its flags are a query, since they belong to the place where
 * it is embedded; what it shows stays behind the `#`.
 *
 * @param {string} link
 * @param {string[]} flags
 */
export function embedAddress(link, flags) {
  const url = new URL(link);
  url.search = ["embed=1", ...flags.map((flag) => (flag.includes("=") ? flag : `${flag}=1`))].join("&");
  return url.href;
}
