/**
 * Serves the published files like a static host: `npm start`. PORT and HOST change the address. By default the page is
 * not stored for offline use, so that every load shows the files on disk; OFFLINE=1 stores it.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { headersOf } from "./headers.mjs";
import { listFiles } from "./release.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DEVELOPMENT_WORKER = new URL("sw-development.js", import.meta.url);

/** The published files. No other file of the checkout is served. */
const PUBLISHED = /^\/((index|404)\.html|sw(-files)?\.js|(www|pkg|results)\/.+|[A-Z]+(-[A-Z]+)?(\.md)?)$/;

/** What a browser gets that opens an address which does not exist. Static hosts use the file of this name too. */
const NOT_FOUND = "/404.html";

/** Only plain names. This excludes `..`, hidden files, backslashes and control characters. */
const PLAIN = /^(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/;

/** @type {Record<string, string>} */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".ts": "text/plain; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json; charset=utf-8",
  ".md": "text/markdown; charset=utf-8",
  "": "text/plain; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".wasm": "application/wasm",
  ".safetensors": "application/octet-stream",
};
const COMPRESSED = /^(text\/|image\/svg|application\/(json|manifest|wasm))/;

/**
 * Returns a request listener that serves the published files under `root`.
 *
 * @param {string} [root]
 * @returns {(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) =>
 *   Promise<void>}
 */
export function publishedFiles(root = ROOT) {
  /** @type {Map<string, Promise<Buffer>>} */
  const compressed = new Map();

  return async (request, response) => {
    const refuse = (/** @type {number} */ status, /** @type {string} */ reason, headers = {}) =>
      response.writeHead(status, { "Content-Type": TYPES[""], ...headers }).end(`${status} ${reason}\n`);

    const { method, url, headers: asked } = request;
    if (method !== "GET" && method !== "HEAD")
      return void refuse(405, "Only GET and HEAD are answered", { Allow: "GET, HEAD" });
    const path = publishedPath(url ?? "/");
    const body = path && (await bodyOf(root, path).catch(() => null));
    if (!body) {
      const page =
        /\btext\/html\b/.test(`${request.headers.accept}`) && (await bodyOf(root, NOT_FOUND).catch(() => null));
      return void (page
        ? response.writeHead(404, { "Content-Type": TYPES[".html"] }).end(page)
        : refuse(404, "Not found"));
    }

    const hash = createHash("sha256").update(body).digest("base64url");
    const type = TYPES[extname(path)] ?? "application/octet-stream";
    // A part is a part of the file itself, not of its compressed form.
    const part = method === "GET" ? partOf(asked, `"${hash}"`, body.length) : null;
    const isZipped = !part && COMPRESSED.test(type) && acceptsGzip(asked["accept-encoding"]);
    const headers = {
      ...headersOf(path),
      "Content-Type": type,
      "Accept-Ranges": "bytes",
      Vary: "Accept-Encoding",
      // A strong tag stands for these very bytes; the compressed file has others.
      ETag: isZipped ? `W/"${hash}"` : `"${hash}"`,
    };
    if (listsTag(asked["if-none-match"], hash)) return void response.writeHead(304, headers).end();
    if (part && part.from >= part.to)
      return void refuse(416, "The file is shorter", { ...headers, "Content-Range": `bytes */${body.length}` });

    /** @type {Buffer} */
    let sent = part ? body.subarray(part.from, part.to) : body;
    if (isZipped) {
      if (!compressed.has(hash)) compressed.set(hash, promisify(gzip)(body, { level: 9 }));
      sent = (await compressed.get(hash)) ?? body;
      response.setHeader("Content-Encoding", "gzip");
    }
    if (part) response.setHeader("Content-Range", `bytes ${part.from}-${part.to - 1}/${body.length}`);
    response.writeHead(part ? 206 : 200, { ...headers, "Content-Length": sent.length });
    response.end(method === "HEAD" ? undefined : sent);
  };
}

/** Whether `Accept-Encoding` allows gzip: named with a weight above 0, or not named and covered by `*`. @param {unknown} header */
function acceptsGzip(header = "") {
  const weights = new Map(
    `${header}`.split(",").map((each) => {
      const [name, ...parameters] = each
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/);
      const weight = parameters.map((parameter) => /^q=([\d.]+)$/.exec(parameter)?.[1]).find((found) => found);
      return [name, Number(weight ?? 1)];
    }),
  );
  return (weights.get("gzip") ?? weights.get("*") ?? 0) > 0;
}

/** Whether `If-None-Match` lists the file's tag, weak or strong, or any. @param {string | undefined} header @param {string} hash */
const listsTag = (header = "", hash) =>
  header.trim() === "*" || [...header.matchAll(/"([^"]*)"/g)].some(([, tag]) => tag === hash);

/**
 * The part of a file that `Range` asks for, or null for the whole file. It is empty if it lies beyond the end of the
 * file. A list of several parts is answered with the whole file, as HTTP allows.
 *
 * @param {import("node:http").IncomingHttpHeaders} asked
 * @param {string} tag The file's strong tag. With another one in `If-Range`, the browser's part is of an older file.
 * @param {number} length
 */
function partOf({ range = "", "if-range": expected }, tag, length) {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
  if (first === undefined || first + last === "" || (expected !== undefined && expected !== tag)) return null;
  if (first === "") return { from: Number(last) > 0 ? Math.max(0, length - Number(last)) : length, to: length };
  if (last !== "" && Number(last) < Number(first)) return null;
  return { from: Number(first), to: last === "" ? length : Math.min(length, Number(last) + 1) };
}

/**
 * The same for development: serves as `sw.js` a worker that stores nothing and deletes the files that the real one has
 * stored.
 */
export function developmentFiles(root = ROOT) {
  const files = publishedFiles(root);
  /** @type {typeof files} */
  return async (request, response) => {
    if (publishedPath(request.url ?? "/") !== "/sw.js") return files(request, response);
    response
      .writeHead(200, { ...headersOf("/sw.js"), "Content-Type": TYPES[".js"] })
      .end(await readFile(DEVELOPMENT_WORKER));
  };
}

/**
 * Reads a file. `sw-files.js` is generated, because during development the file on disk may be out of date.
 *
 * @param {string} root
 * @param {string} path
 */
async function bodyOf(root, path) {
  return path === "/sw-files.js" ? Buffer.from(listFiles(root)) : readFile(join(root, path));
}

/** The path of a published file, or null for any other address. @param {string} url @returns {string | null} */
function publishedPath(url) {
  try {
    const path = decodeURIComponent(url.split("?")[0]);
    const file = path === "/" ? "/index.html" : path;
    return PLAIN.test(file) && PUBLISHED.test(file) ? file : null;
  } catch {
    return null;
  }
}

/**
 * Starts a server on a free port of this machine.
 *
 * @param {import("node:http").RequestListener} listener
 */
export async function startServer(listener) {
  const server = createServer(listener);
  await new Promise((/** @type {(value: void) => void} */ resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    port,
    url: `http://localhost:${port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function main() {
  const host = process.env.HOST ?? "127.0.0.1";
  const port = Number(process.env.PORT ?? 8080);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    exit(`PORT should be a number from 0 to 65535, but is "${process.env.PORT}".`);
  const server = createServer(process.env.OFFLINE === "1" ? publishedFiles() : developmentFiles());
  server.on("error", (/** @type {NodeJS.ErrnoException} */ error) =>
    exit(
      error.code === "EADDRINUSE"
        ? `Port ${port} is already in use. Choose another one: PORT=8081 npm start`
        : error.message,
    ),
  );
  server.listen(port, host, () => {
    const address = /** @type {import("node:net").AddressInfo} */ (server.address());
    const name = host === "127.0.0.1" ? "localhost" : host.includes(":") ? `[${host}]` : host;
    process.stdout.write(`Open http://${name}:${address.port}/\n`);
  });
}

/** @param {string} reason */
function exit(reason) {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
