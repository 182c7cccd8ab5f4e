/** The story: a few steps for readers who have never heard of any of it. Each one can set the page up and run it. */
import { make, must } from "./dom.js";
import { t } from "./i18n.js";
import { DEFAULTS } from "./settings.js";

/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./state.js").ManifestEntry} ManifestEntry */

/**
 * What the buttons of the steps do.
 *
 * @type {Record<string, (session: Session, put: (side: import("./state.js").Side, role: ManifestEntry["role"]) => void) => void>}
 */
const ACTIONS = {
  undefended(session, put) {
    put("left", "undefended");
    session.look({ overlay: "image" });
    session.run();
  },
  gradient(session, put) {
    put("left", "undefended");
    session.look({ overlay: "gradient" });
    session.step();
  },
  distilled(session, put) {
    put("right", "distilled");
    session.look({ overlay: "image" });
  },
  both(session, put) {
    put("left", "undefended");
    put("right", "distilled");
    session.changeSettings(DEFAULTS);
    session.run();
  },
  teacher(session, put) {
    put("right", "teacher");
    session.changeSettings(DEFAULTS);
    session.run();
  },
  tempered(session, put) {
    put("right", "distilled");
    session.changeSettings({ ...DEFAULTS, attack: "jsma-t" });
    session.run();
  },
};

/**
 * @param {import("./state.js").Store} store
 * @param {Session} session
 */
export function setUpStory(store, session) {
  /** The network of a role that was trained at the highest temperature. @param {import("./state.js").Side} side @param {string} role */
  function put(side, role) {
    const [best] = store.state.models.filter((model) => model.role === role).sort((a, b) => b.temperature - a.temperature);
    if (best) session.chooseModel(side, best.id);
  }
  for (const [name, act] of Object.entries(ACTIONS)) {
    must(`[data-story="${name}"]`, HTMLButtonElement).addEventListener("click", async () => {
      await session.opened();
      act(session, put);
    });
  }
}

/** Puts the words of the story on the page, with each [number] as a link to the paper. */
export function translateStory() {
  for (const paragraph of document.querySelectorAll("[data-cite]")) {
    const parts = t(paragraph.getAttribute("data-cite") ?? "").split(/(\[\d\])/);
    paragraph.replaceChildren(...parts.map((part) => {
      const cited = /^\[(\d)\]$/.exec(part);
      return cited ? make("a", { href: `#reference-${cited[1]}` }, part) : part;
    }));
  }
}
