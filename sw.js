/**
 * Makes the page work offline: a service worker that stores the files of one release, each under its SHA-256, and
 * answers requests with them.
 *
 * `sw-files.js` lists the files of the release. When it changes, the browser installs the new worker beside the old
 * one. The new worker fetches the changed files and checks their hashes; if one fails, it is not installed. The old
 * worker stays active until the page sends `take over` or its last tab is closed, so a tab never gets files of two
 * releases. The code is stored when the worker is installed. Models, samples, results and the WebGPU module are stored
 * when they are first used.
 *
 * If the browser allows no storage, every file is fetched as if there were no service worker.
 */
importScripts("sw-files.js");

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const ROOT = new URL("./", location.href);
const CACHE = `defensive-distillation ${ROOT.pathname}`;
/** Files that are stored only when they are first used. */
const STORED_ON_USE =
  /^(www\/(models\/.*\.safetensors|samples\/.*|blog\/.*|licences\.html)|results\/.*|pkg\/webgpu\/.*)$/;
/** Files that the page itself checks. They are passed on at once, so that the page can show the progress. */
const CHECKED_BY_PAGE = /\.(safetensors|wasm)$/;

worker.addEventListener("install", (event) => {
  event.waitUntil(
    Promise.all(
      Object.keys(FILES)
        .filter((name) => !STORED_ON_USE.test(name))
        .map(store),
    ),
  );
});

worker.addEventListener("activate", (event) => event.waitUntil(deleteOldFiles()));

worker.addEventListener("message", (event) => {
  if (event.data === "take over") return event.waitUntil(worker.skipWaiting());
  const names = Array.isArray(event.data?.used) ? event.data.used.filter(isInRelease) : [];
  event.waitUntil(Promise.allSettled(names.map(store)));
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  const name = pathname.slice(ROOT.pathname.length) || "index.html";
  if (request.method !== "GET" || origin !== ROOT.origin || !pathname.startsWith(ROOT.pathname) || !isInRelease(name))
    return;
  event.respondWith(answer(name, request, (work) => event.waitUntil(work)));
});

/** Whether the release has a file of this name. @param {unknown} name */
const isInRelease = (name) => typeof name === "string" && Object.hasOwn(FILES, name);

/**
 * Answers with the stored file, or with the host's file if it belongs to this release. The page sets `cache: "reload"`
 * when its copy of a file is damaged; then the stored file is not used.
 *
 * @param {string} name
 * @param {Request} request
 * @param {(work: Promise<unknown>) => void} afterwards
 * @returns {Promise<Response>}
 */
async function answer(name, request, afterwards) {
  const stored = request.cache === "reload" ? null : await read(name);
  if (stored) return stored;
  try {
    const response = await fetch(addressOf(name), { cache: request.cache === "reload" ? "reload" : "no-cache" });
    if (!response.ok) return response;
    if (CHECKED_BY_PAGE.test(name)) {
      afterwards(
        check(name, response.clone())
          .then((checked) => write(name, checked))
          .catch(() => {}),
      );
      return response;
    }
    const checked = await check(name, response);
    afterwards(write(name, checked.clone()).catch(() => {}));
    return checked;
  } catch {
    return Response.error();
  }
}

/** Fetches and stores a file, unless it is already stored. @param {string} name */
async function store(name) {
  if (await read(name)) return;
  const response = await fetch(addressOf(name), { cache: "no-cache" });
  if (!response.ok) throw new Error(`${name}: the server answered ${response.status}`);
  await write(name, await check(name, response));
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

/**
 * Returns the response if its content belongs to this release. Otherwise the host has a newer release: this starts an
 * update of the worker and throws.
 *
 * @param {string} name
 * @param {Response} response
 */
async function check(name, response) {
  const bytes = await response.arrayBuffer();
  if ((await sha256(bytes)) !== FILES[name]) {
    worker.registration.update().catch(() => {});
    throw new Error(`${name} is not of this release`);
  }
  return new Response(bytes, {
    headers: { "Content-Type": response.headers.get("Content-Type") ?? "application/octet-stream" },
  });
}

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
