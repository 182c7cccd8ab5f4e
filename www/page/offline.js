/**
 * The page's side of `sw.js`: what was used is kept for a visit without a network, and a new release
 * is offered in one line. Where there are no service workers, or nothing may be stored, the page is
 * what it is without.
 */
import { announce } from "./announce.js";
import { make, must } from "./dom.js";
import { t, translate } from "./i18n.js";

const ROOT = new URL("../../", import.meta.url);

/**
 * A frame in somebody else's page registers nothing. It may be served by the worker of a visit to the
 * page itself, though, and then follows it to another release.
 *
 * @param {boolean} isGuest
 * @returns {(files: string[]) => void} Keeps files, named from the page's folder, and whatever else was fetched.
 */
export function setUpOffline(isGuest) {
  const workers = findWorkers();
  if (!workers) return () => {};
  // The release of another tab, or of this one's button, has taken over: nothing of the old one is left to load.
  if (workers.controller) workers.addEventListener("controllerchange", () => location.reload());
  if (isGuest) return () => {};

  /** @type {Promise<ServiceWorkerRegistration> | null} */
  let registered = null;
  /** @type {Set<string>} */
  const told = new Set();

  return async (files) => {
    const fetched = performance
      .getEntriesByType("resource")
      .map(({ name }) => name.split(/[?#]/)[0])
      .filter((url) => url.startsWith(ROOT.href))
      .map((url) => url.slice(ROOT.href.length));
    const used = [...files, ...fetched].filter((name) => !told.has(name));
    for (const name of used) told.add(name);
    try {
      registered ??= register(workers);
      await registered;
      const { active } = await workers.ready;
      if (used.length > 0) active?.postMessage({ used });
    } catch {
      // Forbidden here, or not published along with the page.
    }
  };
}

/** Looking for them is refused in a sandboxed frame. */
function findWorkers() {
  try {
    return navigator.serviceWorker ?? null;
  } catch {
    return null;
  }
}

/** @param {ServiceWorkerContainer} workers */
async function register(workers) {
  const registration = await workers.register(new URL("sw.js", ROOT), { updateViaCache: "none" });
  const look = () => {
    if (registration.waiting && workers.controller) offer(registration.waiting);
  };
  look();
  registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", look));
  return registration;
}

/** @param {ServiceWorker} next The worker of the new release, all of which is here. */
function offer(next) {
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
