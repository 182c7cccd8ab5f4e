/**
 * Makes the page work offline: a service worker that stores the files of one release, each under its SHA-256, and
 * answers requests with them.
 *
 * `sw-files.js` lists the files of the release. When it changes, the browser installs the new worker beside the old
 * one. The new worker fetches the changed files and checks their hashes; if one fails, it is not installed. The old
 * worker stays active until the page sends `take over` or its last tab is closed, so a tab never gets files of two
 * releases. Code and pages are stored when the worker is installed. Models, samples, results, the blog's pictures and the
 * WebGPU module are stored when they are first used.
 *
 * If a page cannot be answered from its release, the host's page is shown, and that page gets all of its files from the
 * host.
 *
 * If the browser allows no storage, every file is fetched as if there were no service worker.
 */
importScripts("sw-files.js");

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const ROOT = new URL("./", location.href);
const CACHE = `defensive-distillation ${ROOT.pathname}`;
/** Files that are stored only when they are first used. */
const STORED_ON_USE = /^(www\/(models\/.*\.safetensors|samples\/.*|blog\/.*\.png)|results\/.*|pkg\/webgpu\/.*)$/;
/** Files that the page itself checks. They are passed on at once, so that the page can show the progress. */
const CHECKED_BY_PAGE = /\.(safetensors|wasm)$/;

/** The ids of clients whose page is the host's and not of this release. Their requests are left to the browser. @type {Set<string>} */
const ofAnotherRelease = new Set();

worker.addEventListener("install", (event) => event.waitUntil(install()));

worker.addEventListener("activate", (event) => event.waitUntil(deleteOldFiles()));

worker.addEventListener("message", (event) => {
  if (event.data === "take over") return event.waitUntil(worker.skipWaiting());
  const names = Array.isArray(event.data?.used) ? event.data.used.filter(isInRelease) : [];
  event.waitUntil(Promise.allSettled(names.map(store)));
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const name = nameOf(request.url);
  if (request.method !== "GET" || name === null) return;
  if (request.mode !== "navigate" && ofAnotherRelease.has(event.clientId)) return;
  event.respondWith(answer(name, event));
});

/** Stores the code and the pages. If the host has other files than the list, it tells every open page which one. */
async function install() {
  const names = Object.keys(FILES).filter((name) => !STORED_ON_USE.test(name));
  try {
    await Promise.all(names.map(store));
  } catch (error) {
    const { name, message } = /** @type {Error} */ (error);
    if (name === WRONG_FILE)
      for (const client of await worker.clients.matchAll({ includeUncontrolled: true }))
        client.postMessage({ notInstalled: message });
    throw error;
  }
}

/** Whether the release has a file of this name. @param {unknown} name */
const isInRelease = (name) => typeof name === "string" && Object.hasOwn(FILES, name);

/**
 * The release's file for an address, or null. Some hosts serve `lab.html` as `lab`.
 *
 * @param {string} url
 */
function nameOf(url) {
  const { origin, pathname } = new URL(url);
  if (origin !== ROOT.origin || !pathname.startsWith(ROOT.pathname)) return null;
  const path = pathname.slice(ROOT.pathname.length);
  return [path, `${path}.html`, `${path}index.html`].find(isInRelease) ?? null;
}

/**
 * Answers with the stored file, or with the host's file if it belongs to this release. The page sets `cache: "reload"`
 * when its copy of a file is damaged; then the stored file is not used.
 *
 * @param {string} name
 * @param {FetchEvent} event
 * @returns {Promise<Response>}
 */
async function answer(name, event) {
  const { request, resultingClientId } = event;
  const stored = request.cache === "reload" ? null : await read(name);
  if (stored) return stored;
  try {
    const response = await fetch(addressOf(name), { cache: request.cache === "reload" ? "reload" : "no-cache" });
    if (CHECKED_BY_PAGE.test(name)) {
      if (response.ok) {
        const copy = response.clone();
        event.waitUntil(
          copy
            .arrayBuffer()
            .then(async (bytes) => write(name, await check(name, copy, bytes)))
            .catch(() => {}),
        );
      }
      return response;
    }
    const bytes = await response.arrayBuffer();
    try {
      const checked = await check(name, response, bytes);
      event.waitUntil(write(name, checked.clone()).catch(() => {}));
      return checked;
    } catch {
      // Code and data of another release must not meet this one's. A page is shown with its own files, and a picture
      // is only shown. An error of the host is passed on.
      if (request.mode === "navigate") ofAnotherRelease.add(resultingClientId);
      else if (response.ok && request.destination !== "image") return Response.error();
      return copyOf(response, bytes);
    }
  } catch {
    return Response.error();
  }
}

/** Fetches and stores a file, unless it is already stored. @param {string} name */
async function store(name) {
  if (await read(name)) return;
  const response = await fetch(addressOf(name), { cache: "no-cache" });
  await write(name, await check(name, response, await response.arrayBuffer()));
}

/**
 * The address of a file. For large files it is the same as the page uses, so that the browser's cache answers and the
 * file is sent only once.
 *
 * @param {string} name
 */
function addressOf(name) {
  return new URL(CHECKED_BY_PAGE.test(name) ? `${name}?${FILES[name].slice(0, 16)}` : name, ROOT);
}

/** The name of the errors about files that the host does not have, or has with other content than the list says. */
const WRONG_FILE = "WrongFile";

/**
 * Returns the response if its content belongs to this release. Otherwise the host has another release: this starts an
 * update of the worker and throws.
 *
 * @param {string} name
 * @param {Response} response
 * @param {ArrayBuffer} bytes The response's content.
 */
async function check(name, response, bytes) {
  if (response.ok && (await sha256(bytes)) === FILES[name]) return copyOf(response, bytes);
  worker.registration.update().catch(() => {});
  const reason = !response.ok
    ? `the server answered ${response.status}`
    : (await sha256(withoutCarriageReturns(bytes))) === FILES[name]
      ? "the server sends it with CRLF line ends, and sw-files.js lists it with LF"
      : "the server sends another content than sw-files.js lists";
  throw Object.assign(new Error(`${name}: ${reason}.`), { name: WRONG_FILE });
}

/** @param {ArrayBuffer} bytes */
const withoutCarriageReturns = (bytes) => new Uint8Array(bytes).filter((byte) => byte !== 13).buffer;

/**
 * A response with the same content. A redirected response would be refused as the answer to a navigation.
 *
 * @param {Response} response
 * @param {ArrayBuffer} bytes
 */
const copyOf = ({ status, headers }, bytes) =>
  new Response(bytes, {
    status,
    headers: { "Content-Type": headers.get("Content-Type") ?? "application/octet-stream" },
  });

/**
 * Reads a stored file. Returns null if there is none or it is damaged.
 *
 * @param {string} name
 * @returns {Promise<Response | null>}
 */
async function read(name) {
  try {
    const cache = await caches.open(CACHE);
    const response = await cache.match(keyOf(name));
    if (!response) return null;
    if ((await sha256(await response.clone().arrayBuffer())) === FILES[name]) return response;
    await cache.delete(keyOf(name));
  } catch {
    // The storage is blocked or damaged.
  }
  return null;
}

/** Stores a file. @param {string} name @param {Response} response */
async function write(name, response) {
  const cache = await caches.open(CACHE);
  await cache.put(keyOf(name), response);
}

/**
 * A file's key in the storage. It includes the name, because files with the same content may have different types.
 *
 * @param {string} name
 */
const keyOf = (name) => new URL(`${name}?${FILES[name]}`, ROOT).href;

/** Deletes the stored files of other releases. */
async function deleteOldFiles() {
  const cache = await caches.open(CACHE);
  const current = new Set(Object.keys(FILES).map(keyOf));
  const old = (await cache.keys()).filter(({ url }) => !current.has(url));
  await Promise.all(old.map((request) => cache.delete(request)));
}

/** @param {ArrayBuffer} bytes */
async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
