/**
 * The story: six steps for readers who have never heard of any of it. Each can set the page up and run it, and is a
 * link.
 */

import { withTemperature } from "../domain/attacks.js";
import { DEFAULTS } from "../domain/settings.js";
import { setCitedText } from "../page/citations.js";
import { make, must } from "../page/dom.js";
import { t } from "../page/i18n.js";
import { addressOf, describe, isAtRest } from "../session/address.js";

/** @typedef {import("../session/session.js").Session} Session */
/** @typedef {import("../session/state.js").ManifestEntry} ManifestEntry */
/** @typedef {(side: import("../session/state.js").Side, role: ManifestEntry["role"]) => void} Put */

/** What the buttons of the steps do. @type {Record<string, (session: Session, put: Put) => void>} */
const ACTIONS = {
  another(session) {
    session.chooseAnother();
  },
  undefended(session, put) {
    put("left", "undefended");
    session.look({ overlay: "image" });
    void session.run();
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
    session.look({ overlay: "image" });
    session.changeSettings(DEFAULTS);
    void session.run();
  },
  gradients(session, put) {
    put("left", "undefended");
    put("right", "distilled");
    session.changeSettings(DEFAULTS);
    session.look({ overlay: "gradient" });
    session.step();
  },
  teacher(session, put) {
    put("right", "teacher");
    session.look({ overlay: "image" });
    session.changeSettings(DEFAULTS);
    void session.run();
  },
  tempered(session, put) {
    put("right", "distilled");
    session.look({ overlay: "image" });
    session.changeSettings(withTemperature(DEFAULTS, true));
    void session.run();
  },
};

/**
 * @param {import("../session/state.js").Store} store
 * @param {Session} session
 */
export function setUpStory({ state }, session) {
  /** The network of a role that was trained at the highest temperature. @type {Put} */
  function put(side, role) {
    const [best] = state.models.filter((model) => model.role === role).sort((a, b) => b.temperature - a.temperature);
    if (best) session.chooseModel(side, best.id);
  }
  for (const [name, act] of Object.entries(ACTIONS)) {
    must(`[data-story="${name}"]`, HTMLButtonElement).addEventListener("click", async () => {
      await session.opened();
      act(session, put);
    });
  }
  const steps = [...document.querySelectorAll(".story-steps > li")].map((item, place) => {
    const number = place + 1;
    const details = must("details", HTMLDetailsElement, item);
    const link = make("a", { class: "step-link small", "data-t": "story.link" }, t("story.link"));
    details.append(link);
    // The state opens it, and not the browser, whose word of it comes only after the next frame may have been drawn.
    must("summary", HTMLElement, details).addEventListener("click", (event) => {
      event.preventDefault();
      session.look({ story: state.story === number ? 0 : number });
    });
    // A search in the page opens it too.
    details.addEventListener("toggle", () => {
      if (details.open && state.story !== number) session.look({ story: number });
    });
    return { number, details, link };
  });

  return () => {
    for (const { number, details, link } of steps) {
      if (details.open !== (state.story === number)) details.open = state.story === number;
      if (details.open && isAtRest(state)) link.href = addressOf(describe(state));
    }
  };
}

/** Puts the words of the story on the page, with each [number] as a link to the paper. */
export function translateStory() {
  for (const paragraph of document.querySelectorAll("[data-cite]")) {
    setCitedText(paragraph, t(paragraph.getAttribute("data-cite") ?? ""));
  }
}
