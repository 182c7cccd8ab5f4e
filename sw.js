/**
 * The page without a network: a service worker that keeps the files of one release, each under its
 * SHA-256, and answers from them.
 *
 * `sw-files.js` names the release. When it changes, the browser installs the new worker beside the old
 * one: what has changed is fetched and every byte checked, so that a release is kept whole or not at
 * all, and the old one goes on until the page says `take over` or its last tab is closed. A tab is
 * therefore never given files of two releases. Code is kept when the worker is installed; models,
 * samples, results and the WebGPU module once they have been used.
 *
 * Where nothing can be kept, everything is fetched as if this file did not exist.
 */
importScripts("sw-files.js");

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const ROOT = new URL("./", location.href);
const STORE = `defensive-distillation ${ROOT.pathname}`;
/** Kept once it has been used. */
const LARGE = /^(www\/(models\/.*\.safetensors|samples\/.*|blog\/.*|licences\.html)|results\/.*|pkg\/webgpu\/.*)$/;
/** Checked by the page itself, which shows how much of it has come. */
const CHECKED_BY_PAGE = /\.(safetensors|wasm)$/;

worker.addEventListener("install", (event) => {
  event.waitUntil(
    Promise.all(
      Object.keys(FILES)
        .filter((name) => !LARGE.test(name))
        .map(keep),
    ),
  );
});

worker.addEventListener("activate", (event) => event.waitUntil(forgetOthers()));

worker.addEventListener("message", (event) => {
  if (event.data === "take over") return event.waitUntil(worker.skipWaiting());
  const names = Array.isArray(event.data?.used) ? event.data.used.filter(isOfPage) : [];
  event.waitUntil(Promise.allSettled(names.map(keep)));
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  const name = pathname.slice(ROOT.pathname.length) || "index.html";
  if (request.method !== "GET" || origin !== ROOT.origin || !pathname.startsWith(ROOT.pathname) || !isOfPage(name))
    return;
  event.respondWith(answer(name, request, (work) => event.waitUntil(work)));
});

/** @param {unknown} name */
const isOfPage = (name) => typeof name === "string" && Object.hasOwn(FILES, name);

/**
 * What is kept, or what the host has if it is of this release. `reload` is how the page asks for a
 * file whose copy turned out to be damaged.
 *
 * @param {string} name
 * @param {Request} request
 * @param {(work: Promise<unknown>) => void} afterwards
 * @returns {Promise<Response>}
 */
async function answer(name, request, afterwards) {
  const kept = request.cache === "reload" ? null : await read(name);
  if (kept) return kept;
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

/** Keeps a file, unless it is kept already. @param {string} name */
async function keep(name) {
  if (await read(name)) return;
  const response = await fetch(addressOf(name), { cache: "no-cache" });
  if (!response.ok) throw new Error(`${name}: the server answered ${response.status}`);
  await write(name, await check(name, response));
}

/**
 * Where the page asks for it, too, so that what is large is sent once: the browser has the page's copy.
 *
 * @param {string} name
 */
function addressOf(name) {
  return new URL(CHECKED_BY_PAGE.test(name) ? `${name}?${FILES[name].slice(0, 16)}` : name, ROOT);
}

/**
 * The response, if its content is of this release; if not, there is another release to look for.
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

/** What is kept of a file, if it is what was kept. @param {string} name @returns {Promise<Response | null>} */
async function read(name) {
  try {
    const store = await caches.open(STORE);
    const response = await store.match(keyOf(name));
    if (!response) return null;
    if ((await sha256(await response.clone().arrayBuffer())) === FILES[name]) return response;
    await store.delete(keyOf(name));
  } catch {
    // Storage is forbidden, or broken.
  }
  return null;
}

/** @param {string} name @param {Response} response */
async function write(name, response) {
  const store = await caches.open(STORE);
  await store.put(keyOf(name), response);
}

/** Two files of the same content may be of different types. @param {string} name */
const keyOf = (name) => new URL(`${name}?${FILES[name]}`, ROOT).href;

async function forgetOthers() {
  const store = await caches.open(STORE);
  const ours = new Set(Object.keys(FILES).map(keyOf));
  const others = (await store.keys()).filter(({ url }) => !ours.has(url));
  await Promise.all(others.map((request) => store.delete(request)));
}

/** @param {ArrayBuffer} bytes */
async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
