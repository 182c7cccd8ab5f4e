/**
 * The story: an explanation in six steps for readers who are new to the subject. Each step has a link of its own, and
 * buttons that set the page up and run the attack.
 */

import { withTemperature } from "../domain/attacks.js";
import { DEFAULTS } from "../domain/settings.js";
import { setCitedText } from "../page/citations.js";
import { make, must } from "../page/dom.js";
import { t } from "../page/i18n.js";
import { claim } from "../page/sequence.js";
import { addressOf, isIdle, linkOfState } from "../session/address.js";

/** @typedef {import("../session/session.js").Session} Session */
/** @typedef {import("../session/state.js").ManifestEntry} ManifestEntry */
/** @typedef {(side: import("../session/state.js").Side, role: ManifestEntry["role"]) => void} ShowRole */

/** What the buttons of the steps do. @type {Record<string, (session: Session, showRole: ShowRole) => void>} */
const ACTIONS = {
  another(session) {
    session.chooseAnother();
  },
  undefended(session, showRole) {
    showRole("left", "undefended");
    session.changeView({ overlay: "image" });
    void session.run();
  },
  gradient(session, showRole) {
    showRole("left", "undefended");
    session.changeView({ overlay: "gradient" });
    session.stepAgain();
  },
  distilled(session, showRole) {
    showRole("right", "distilled");
    session.changeView({ overlay: "image" });
  },
  both(session, showRole) {
    showRole("left", "undefended");
    showRole("right", "distilled");
    session.changeView({ overlay: "image" });
    session.changeSettings(DEFAULTS);
    void session.run();
  },
  gradients(session, showRole) {
    showRole("left", "undefended");
    showRole("right", "distilled");
    session.changeSettings(DEFAULTS);
    session.changeView({ overlay: "gradient" });
    session.step();
  },
  teacher(session, showRole) {
    showRole("right", "teacher");
    session.changeView({ overlay: "image" });
    session.changeSettings(DEFAULTS);
    void session.run();
  },
  tempered(session, showRole) {
    showRole("right", "distilled");
    session.changeView({ overlay: "image" });
    session.changeSettings(withTemperature(DEFAULTS, true));
    void session.run();
  },
};

/**
 * @param {import("../session/state.js").Store} store
 * @param {Session} session
 */
export function setUpStory({ state }, session) {
  /** Shows the network of a role that was trained at the highest temperature. @type {ShowRole} */
  function showRole(side, role) {
    const [model] = state.models.filter((each) => each.role === role).sort((a, b) => b.temperature - a.temperature);
    if (model) session.chooseModel(side, model.id);
  }
  for (const [name, act] of Object.entries(ACTIONS)) {
    must(`[data-story="${name}"]`, HTMLButtonElement).addEventListener("click", async () => {
      const isLatest = claim("run");
      await session.opened();
      // The visitor may have done something else while the networks were loading.
      if (isLatest()) act(session, showRole);
    });
  }
  const steps = [...document.querySelectorAll(".story-steps > li")].map((item, place) => {
    const number = place + 1;
    const details = must("details", HTMLDetailsElement, item);
    const link = make("a", { class: "step-link small", "data-t": "story.link" }, t("story.link"));
    details.append(link);
    // The state opens the step, not the browser: the browser's `toggle` event may come after the next frame.
    must("summary", HTMLElement, details).addEventListener("click", (event) => {
      event.preventDefault();
      session.changeView({ story: state.story === number ? 0 : number });
    });
    // The browser's "find in page" also opens it.
    details.addEventListener("toggle", () => {
      if (details.open && state.story !== number) session.changeView({ story: number });
    });
    return { number, details, link };
  });

  return () => {
    for (const { number, details, link } of steps) {
      if (details.open !== (state.story === number)) details.open = state.story === number;
      if (details.open && isIdle(state)) link.href = addressOf(linkOfState(state));
    }
  };
}

/** Writes the story's text in the page's language; each [number] becomes a link to the paper. */
export function translateStory() {
  for (const paragraph of document.querySelectorAll("[data-cite]")) {
    setCitedText(paragraph, t(paragraph.getAttribute("data-cite") ?? ""));
  }
}
