/** The snippets that embed this page in another page or link to it: an iframe, a custom element, Markdown. */

import { escapeHtml } from "../codecs/html.js";
import { heightFor } from "../embed.js";

/**
 * @typedef {object} Shared
 * @property {string} link The page's full address, with the shown state behind the `#`.
 * @property {string} alt Both verdicts, as a text alternative of the picture.
 * @property {string} image A `data:` address of the thumbnail of both images.
 * @property {number[]} size The width and height at which the thumbnail is displayed, in CSS pixels.
 * @property {string} file The file name under which the share picture is saved.
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
  // Without load=click the frame replaces the placeholder without a click, so the placeholder has the frame's height
  // from the start and nothing below it moves.
  const space = flags.includes("load=click") ? "0" : heightFor((part) => flags.includes(part), "cqw", link);
  return `<script type="module" src="${escapeHtml(script)}"></script>
<defensive-distillation ${attributes} style="display:block;container-type:inline-size">
  <a href="${escapeHtml(link)}" style="display:grid;place-items:center;min-height:${space}"><img src="${image}" alt="${escapeHtml(alt)}" width="${width}" height="${height}" style="max-width:100%;height:auto;image-rendering:pixelated"></a>
</defensive-distillation>`;
}

/** @param {Shared} shared */
export const markdown = ({ link, alt, file }) => `[![${alt.replace(/[[\]\\]/g, "\\$&")}](${file})](${link})`;

/**
 * The address of the embedded page. Its flags are in the query, since they belong to the host's page; the shown state
 * stays behind the `#`, as in any link.
 *
 * @param {string} link
 * @param {string[]} flags
 */
export function embedAddress(link, flags) {
  const url = new URL(link);
  url.search = ["embed=1", ...flags.map((flag) => (flag.includes("=") ? flag : `${flag}=1`))].join("&");
  return url.href;
}
