/**
 * The page's side of the service worker `sw.js`: asks it to keep the files that were used, for offline visits, and
 * offers a new release in a notice. If the browser has no service workers, or storage is not allowed, the page
 * works without them.
 */
import { announce } from "./announce.js";
import { make, must } from "./dom.js";
import { t, translate } from "./i18n.js";

const ROOT = new URL("../../", import.meta.url);

/**
 * An embedded page registers no service worker. But it can be served by one from an earlier visit to the page
 * itself; then it reloads when that worker changes to another release.
 *
 * @param {boolean} isEmbedded
 * @returns {(files: string[]) => void} Keeps the given files, named relative to the page's folder, and every
 * other file fetched so far.
 */
export function setUpOffline(isEmbedded) {
  const workers = findWorkers();
  if (!workers) return () => {};
  // Another release has become active, from this tab or another. Files of the old one can no longer be loaded.
  if (workers.controller) workers.addEventListener("controllerchange", () => location.reload());
  if (isEmbedded) return () => {};

  /** @type {Promise<ServiceWorkerRegistration> | null} */
  let registered = null;
  /** @type {Set<string>} */
  const reported = new Set();

  return async (files) => {
    const fetched = performance
      .getEntriesByType("resource")
      .map(({ name }) => name.split(/[?#]/)[0])
      .filter((url) => url.startsWith(ROOT.href))
      .map((url) => url.slice(ROOT.href.length));
    const used = [...files, ...fetched].filter((name) => !reported.has(name));
    for (const name of used) reported.add(name);
    try {
      registered ??= register(workers);
      await registered;
      const { active } = await workers.ready;
      if (used.length > 0) active?.postMessage({ used });
    } catch {
      // Service workers are not allowed here, or `sw.js` is not published with the page.
    }
  };
}

/** The browser's service workers, if any. Reading the property throws in a sandboxed frame. */
function findWorkers() {
  try {
    return navigator.serviceWorker ?? null;
  } catch {
    return null;
  }
}

/** Registers the service worker and offers each new release. @param {ServiceWorkerContainer} workers */
async function register(workers) {
  workers.addEventListener("message", ({ data }) => {
    if (data?.notInstalled)
      console.warn(`This release is not stored for offline use. ${data.notInstalled} (Is the deployment complete?)`);
  });
  const registration = await workers.register(new URL("sw.js", ROOT), { updateViaCache: "none" });
  const offerWaiting = () => {
    if (registration.waiting && workers.controller) offerRelease(registration.waiting);
  };
  offerWaiting();
  registration.addEventListener("updatefound", () =>
    registration.installing?.addEventListener("statechange", offerWaiting),
  );
  return registration;
}

/** @param {ServiceWorker} next The worker of the new release. It has already stored all of its files. */
function offerRelease(next) {
  document.querySelector("#release")?.remove();
  const accept = make("button", { type: "button", "data-t": "release.accept" });
  accept.addEventListener("click", () => next.postMessage("take over"), { once: true });
  const line = make(
    "div",
    { class: "notice", id: "release" },
    make("p", { class: "notice-text", "data-t": "release.offer" }),
    accept,
  );
  must(".notes", HTMLElement).append(line);
  translate(line);
  announce(t("release.offer"));
}
