/**
 * What `npm start` serves as `sw.js`, so that a page that is being worked on is made of the files on disk.
 * It deletes the files that the real worker has stored, unregisters itself, and answers no request.
 */
{
  const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
  // Other projects may be served at the same address at other times.
  const STORES = /^defensive-distillation /;

  worker.addEventListener("install", (event) => event.waitUntil(worker.skipWaiting()));
  worker.addEventListener("activate", (event) => event.waitUntil(leave()));

  async function leave() {
    const stores = (await caches.keys()).filter((name) => STORES.test(name));
    await Promise.all(stores.map((name) => caches.delete(name)));
    await worker.registration.unregister();
  }
}
