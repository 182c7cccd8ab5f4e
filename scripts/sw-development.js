/**
 * `npm start` serves this as `sw.js`, so that the page always loads the files on disk during development. It deletes
 * the files that the real worker has stored, unregisters itself, and answers no requests.
 */
{
  const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
  // Only this project's files: other projects may have been served at the same address.
  const STORES = /^defensive-distillation /;

  worker.addEventListener("install", (event) => event.waitUntil(worker.skipWaiting()));
  worker.addEventListener("activate", (event) => event.waitUntil(removeAll()));

  async function removeAll() {
    const stores = (await caches.keys()).filter((name) => STORES.test(name));
    await Promise.all(stores.map((name) => caches.delete(name)));
    await worker.registration.unregister();
  }
}
