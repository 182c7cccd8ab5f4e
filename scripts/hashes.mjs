/** Ties a published page to the files of its own release. */
import { createHash } from "node:crypto";

/** This script is a classic one, so no module imports it. */
const NOT_IMPORTED = "www/page/before-paint.js";

/**
 * A page with the hashes of its scripts and style sheets, so that the browser runs no others. Elements get an
 * `integrity` attribute, and imported modules are listed in an import map, which the content security policy allows by
 * its hash. Each address ends with a part of the hash, so that a browser that keeps files for a while, as some hosts
 * tell it to, takes none of another release. (Workers have no import maps; their files are checked by the service
 * worker.)
 *
 * @param {string} page The page's path from the site's folder.
 * @param {string[]} names The paths of all files.
 * @param {(name: string) => Buffer} read Reads a file.
 */
export function withHashes(page, names, read) {
  const place = new URL(page, "folder:/");
  /** @param {string | Buffer} content @param {"base64" | "hex"} form */
  const hashOf = (content, form) => createHash("sha256").update(content).digest(form);
  /** @param {string} url */
  const addressOf = (url) => {
    const content = read(new URL(url, place).pathname.slice(1));
    return { address: `${url}?${hashOf(content, "hex").slice(0, 16)}`, hash: `sha256-${hashOf(content, "base64")}` };
  };
  const depth = "../".repeat(page.split("/").length - 1) || "./";
  const modules = names.filter((name) => /^(www\/.*|pkg\/registry)\.js$/.test(name) && name !== NOT_IMPORTED).sort();
  const found = modules.map((name) => ({ url: `${depth}${name}`, ...addressOf(`${depth}${name}`) }));
  const map = JSON.stringify({
    imports: Object.fromEntries(found.map(({ url, address }) => [url, address])),
    integrity: Object.fromEntries(found.map(({ address, hash }) => [address, hash])),
  });
  return `${read(page)}`
    .replace(/(<(?:script|link)(?= )[^>]* (?:src|href)=")([^":]+\.(?:js|css))"/g, (_, start, url) => {
      const { address, hash } = addressOf(url);
      return `${start}${address}" integrity="${hash}"`;
    })
    .replace("script-src 'self'", `script-src 'self' 'sha256-${hashOf(map, "base64")}'`)
    .replace(/(<meta http-equiv="Content-Security-Policy"[^>]*>\n)/, `$1  <script type="importmap">${map}</script>\n`);
}
