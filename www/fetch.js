/** Fetching files of a known size, with progress in real bytes. */
import { failure } from "./protocol.js";

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

/**
 * A JSON file of at most `limit` bytes, not yet trusted. The host is always asked whether it has
 * changed: these small files say which version of the large ones to fetch.
 *
 * @param {URL} url
 * @param {number} limit
 * @param {AbortSignal} [signal]
 * @returns {Promise<unknown>}
 */
export async function fetchJson(url, limit, signal) {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of chunks(url, { signal, cache: "no-cache" })) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > limit) throw failure("IntegrityError", `${fileName(url)} is too large to be what it should be. Please retry.`);
  }
  try {
    return JSON.parse(text + decoder.decode());
  } catch {
    throw failure("IntegrityError", `${fileName(url)} is not valid JSON. Please retry.`);
  }
}

/** @param {URL} url @param {RequestInit} init @returns {AsyncGenerator<Uint8Array>} */
async function* chunks(url, init) {
  /** @type {ReadableStreamDefaultReader<Uint8Array> | undefined} */
  let reader;
  try {
    const response = await fetch(url, init);
    if (!response.ok) throw failure("NetworkError", `${fileName(url)} could not be fetched: the server answered ${response.status}. Please retry.`);
    reader = response.body?.getReader();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) yield part.value;
  } catch (error) {
    if (error instanceof Error && (error.name === "NetworkError" || error.name === "AbortError")) throw error;
    throw failure("NetworkError", `${fileName(url)} could not be fetched. Check the connection and retry.`);
  } finally {
    reader?.cancel().catch(() => {});
  }
}

/** @param {URL} url @param {string} found @param {number} size */
const wrongLength = (url, found, size) =>
  failure("IntegrityError", `${fileName(url)} is damaged: it is ${found} ${size} bytes. Please retry.`);

/** @param {URL} url */
const fileName = (url) => url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
