/** Fetches files, with a limit on their size and on how long the server may be silent. */
import { failure } from "./protocol.js";
import { SILENCE_LIMIT, silenceMessage, startWatchdog } from "./watch.js";

/**
 * Fetches a file whose size is known beforehand. The size does not come from `Content-Length`, which is the compressed
 * size when the host compresses, and which some hosts leave out.
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

/** The default limit in bytes for files whose size is not known beforehand. They are all smaller. */
const LIMIT = 4 * 1024 * 1024;

/** @typedef {{ signal?: AbortSignal, cache?: RequestCache, limit?: number }} Options */

/**
 * Fetches a file of at most `limit` bytes.
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
 * Fetches a JSON file of at most `limit` bytes. The caller has to check its content. By default the browser revalidates
 * its cached copy with the host, because small files name the version of the large files to fetch.
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
 * Yields a file piece by piece. A connection that stays silent for too long counts as broken, because the browser
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
  const watchdog = startWatchdog(SILENCE_LIMIT, stop);
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
      watchdog.reset();
      yield part.value;
    }
  } catch (error) {
    if (signal?.aborted || (error instanceof Error && error.name === "NetworkError")) throw error;
    const why = control.signal.aborted ? `: the server ${silenceMessage(SILENCE_LIMIT)}` : "";
    throw failure("NetworkError", `${fileName(url)} could not be fetched${why}. Check the connection and retry.`);
  } finally {
    watchdog.stop();
    signal?.removeEventListener("abort", stop);
    reader?.cancel().catch(() => {});
  }
}

/** @param {URL} url @param {string} found @param {number} size */
const wrongLength = (url, found, size) =>
  failure("IntegrityError", `${fileName(url)} is damaged: it is ${found} ${size} bytes. Please retry.`);

/** @param {URL} url */
const fileName = (url) => url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
