/** Fetching files: none is longer than it may be, and none is waited for in vain. */
import { failure } from "./protocol.js";
import { listen, PATIENCE, silentFor } from "./watch.js";

/**
 * The bytes of a file whose size is known beforehand. `Content-Length` is no help here: it is the
 * compressed size when the host compresses, and some hosts leave it out.
 *
 * @param {URL} url
 * @param {number} size
 * @param {object} [options]
 * @param {AbortSignal} [options.signal]
 * @param {RequestCache} [options.cache]
 * @param {(loaded: number) => void} [options.onProgress]
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function fetchBytes(url, size, { signal, cache = "default", onProgress } = {}) {
  const bytes = new Uint8Array(size);
  let loaded = 0;
  for await (const chunk of chunks(url, { signal, cache })) {
    if (loaded + chunk.length > size) throw wrongLength(url, "longer than", size);
    bytes.set(chunk, loaded);
    loaded += chunk.length;
    onProgress?.(loaded);
  }
  if (loaded < size) throw wrongLength(url, `${loaded} bytes instead of`, size);
  return bytes;
}

/** More bytes than any file has whose size is not known beforehand. */
const LIMIT = 4 * 1024 * 1024;

/** @typedef {{ signal?: AbortSignal, cache?: RequestCache, limit?: number }} Options */

/**
 * The bytes of a file of at most `limit` bytes.
 *
 * @param {URL} url
 * @param {Options} [options]
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function fetchFile(url, { signal, cache = "default", limit = LIMIT } = {}) {
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const parts = [];
  let loaded = 0;
  for await (const chunk of chunks(url, { signal, cache })) {
    loaded += chunk.length;
    if (loaded > limit) throw failure("IntegrityError", `${fileName(url)} is too large. Please retry.`);
    parts.push(chunk);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/**
 * A JSON file of at most `limit` bytes, not yet trusted. Unless told otherwise the host is asked
 * whether it has changed: small files say which version of the large ones to fetch.
 *
 * @param {URL} url
 * @param {Options} [options]
 * @returns {Promise<unknown>}
 */
export async function fetchJson(url, options) {
  const bytes = await fetchFile(url, { cache: "no-cache", ...options });
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw failure("IntegrityError", `${fileName(url)} is not valid JSON. Please retry.`);
  }
}

/**
 * A file piece by piece. A connection on which nothing comes any more counts as broken: the browser
 * itself would wait for minutes, or for ever.
 *
 * @param {URL} url
 * @param {{ signal?: AbortSignal, cache: RequestCache }} init
 * @returns {AsyncGenerator<Uint8Array<ArrayBuffer>>}
 */
async function* chunks(url, { signal, cache }) {
  const control = new AbortController();
  const stop = () => control.abort();
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop);
  const patience = listen(PATIENCE, stop);
  /** @type {ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined} */
  let reader;
  try {
    const response = await fetch(url, { signal: control.signal, cache });
    if (!response.ok)
      throw failure(
        "NetworkError",
        `${fileName(url)} could not be fetched: the server answered ${response.status}. Please retry.`,
      );
    reader = response.body?.getReader();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      patience.hear();
      yield part.value;
    }
  } catch (error) {
    if (signal?.aborted || (error instanceof Error && error.name === "NetworkError")) throw error;
    const why = control.signal.aborted ? `: the server ${silentFor(PATIENCE)}` : "";
    throw failure("NetworkError", `${fileName(url)} could not be fetched${why}. Check the connection and retry.`);
  } finally {
    patience.end();
    signal?.removeEventListener("abort", stop);
    reader?.cancel().catch(() => {});
  }
}

/** @param {URL} url @param {string} found @param {number} size */
const wrongLength = (url, found, size) =>
  failure("IntegrityError", `${fileName(url)} is damaged: it is ${found} ${size} bytes. Please retry.`);

/** @param {URL} url */
const fileName = (url) => url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
