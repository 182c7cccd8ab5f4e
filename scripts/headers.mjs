/**
 * The response headers that the project needs from a host that can send its own. `serve.mjs` sends them, and `site.mjs`
 * writes them into the file `_headers`, which Netlify, Cloudflare Pages and others read. Hosts that send none serve a
 * working page: its policy is in its HTML. But a worker's policy can only come with the worker's file.
 */

/** A worker may load this site's code, compile the engine, and fetch this site's files. */
const WORKER_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";

/** For every file. @type {Record<string, string>} */
const ALL = {
  "X-Content-Type-Options": "nosniff",
  // Files keep their names in the next release. A browser that reuses one without asking would mix two releases.
  "Cache-Control": "no-cache",
  // A sandboxed frame has an opaque origin, and module scripts are always fetched with CORS.
  "Access-Control-Allow-Origin": "*",
};

/** For the scripts of workers, by their path. @type {Record<string, Record<string, string>>} */
const SOME = {
  "/sw.js": { "Content-Security-Policy": WORKER_POLICY },
  "/www/engine/worker.js": { "Content-Security-Policy": WORKER_POLICY },
  "/www/pool/worker.js": { "Content-Security-Policy": WORKER_POLICY },
};

/** The headers of a file, by its path from the site's folder. @param {string} path */
export const headersOf = (path) => ({ ...ALL, ...SOME[path] });

/**
 * The text of `_headers`.
 *
 * @param {string} base The path that the site is published under, with a slash at its end.
 */
export const headersFile = (base) =>
  Object.entries({ "/*": ALL, ...SOME })
    .map(
      ([path, headers]) =>
        `${base}${path.slice(1)}\n${Object.entries(headers)
          .map(([name, value]) => `  ${name}: ${value}\n`)
          .join("")}`,
    )
    .join("");
