/** The share panel: what is on the page as a link, as lines for other people's pages, and as a picture. */

import { isUntargeted } from "../domain/attacks.js";
import { DATASETS } from "../domain/datasets.js";
import { make, must, setText } from "../page/dom.js";
import { percent, t } from "../page/i18n.js";
import { copyText, saveFile } from "../page/save.js";
import { addressOf, linkOfState } from "../session/address.js";
import { SIDES } from "../session/state.js";
import { verdictsOfBoth } from "../session/verdict.js";
import { movingFigure, stillFigure, tinyFigure } from "./share-picture.js";
import { element, iframe, markdown } from "./snippets.js";

/** @typedef {import("./snippets.js").Shared} Shared */

/** The order of the lines, and how each is made. @type {Record<string, (shared: Shared) => string>} */
const LINES = { link: ({ link }) => link, iframe, element, markdown };
const FLAGS = /** @type {const} */ (["controls", "target", "draw", "temperature", "story", "autoplay", "load=click"]);
/** Milliseconds for which a button says that it has done its work. */
const FEEDBACK = 2000;

/**
 * @param {import("../session/state.js").Store} store
 * @param {import("../session/session.js").Session} session
 */
export function setUpShare({ state }, session) {
  const dialog = must("#share", HTMLDialogElement);
  const preview = must("#share-preview", HTMLImageElement);
  const status = must("#share-status", HTMLElement);
  const native = must("#share-native", HTMLButtonElement);
  const lines = Object.keys(LINES).map((name) => setUpLine(name, status));
  const flags = FLAGS.map((flag) => {
    const box = make("input", { type: "checkbox", value: flag });
    box.checked = flag === "controls";
    box.addEventListener("change", drawLines);
    must("#share-flags", HTMLElement).append(
      make("label", { class: "check" }, box, make("span", { "data-t": `share.flag.${flag}` }, t(`share.flag.${flag}`))),
    );
    return box;
  });
  /** @type {Shared} */
  let shared = { link: "", alt: "", image: "", size: [0, 0], file: "", flags: [] };

  must("#share-open", HTMLButtonElement).addEventListener("click", open);
  must("#share-close", HTMLButtonElement).addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog) dialog.close();
  });
  must("#share-still", HTMLButtonElement).addEventListener("click", () => save(() => stillFigure(state, shared.link)));
  must("#share-moving", HTMLButtonElement).addEventListener("click", () => {
    // It takes seconds, in which the page may go on to something else.
    const [left, right] = SIDES.map((side) => ({ ...state.panels[side], steps: [...state.panels[side].steps] }));
    const now = { ...state, panels: { left, right } };
    void save(() =>
      movingFigure(now, shared.link, (share) => setText(status, t("share.working", { share: percent(share, 0) }))),
    );
  });
  native.hidden = !("share" in navigator);
  native.addEventListener("click", () =>
    navigator.share({ title: t("title"), text: shared.alt, url: shared.link }).catch(() => {
      // The visitor has thought better of it.
    }),
  );

  async function open() {
    if (state.playing) session.show();
    const dataset = DATASETS[state.data];
    const source = state.panels.left.steps[0]?.label ?? state.panels.left.reading?.label;
    shared = {
      link: addressOf(linkOfState(state)),
      alt: verdictsOfBoth(state),
      image: "",
      size: [20 * dataset.side + 10, 10 * dataset.side],
      file:
        [
          state.settings.attack,
          ...(source === undefined ? [] : [dataset.classes[source]]),
          "as",
          isUntargeted(state.settings) ? "other" : dataset.classes[state.target],
        ].join("-") + ".png",
      flags: [],
    };
    setText(status, "");
    drawLines();
    dialog.showModal();
    await attempt(async () => {
      show(await stillFigure(state, shared.link));
      shared.image = await dataAddress(await tinyFigure(state));
      drawLines();
    });
  }

  function drawLines() {
    shared.flags = flags.filter(({ checked }) => checked).map(({ value }) => value);
    for (const { name, field } of lines) field.value = LINES[name](shared);
  }

  /** @param {Blob} picture */
  function show(picture) {
    URL.revokeObjectURL(preview.src);
    preview.src = URL.createObjectURL(picture);
    preview.alt = shared.alt;
  }

  /** @param {() => Promise<Blob>} draw */
  function save(draw) {
    return attempt(async () => {
      const picture = await draw();
      show(picture);
      saveFile(shared.file, picture);
      setText(status, t("share.saved", { file: shared.file }));
    });
  }

  /** @param {() => Promise<void>} work */
  async function attempt(work) {
    try {
      await work();
    } catch (error) {
      setText(status, t("share.failed", { reason: /** @type {Error} */ (error).message }));
    }
  }
}

/** One line with its name and a button that copies it. @param {string} name @param {HTMLElement} status */
function setUpLine(name, status) {
  const field = make("textarea", {
    id: `share-${name}`,
    readonly: "",
    rows: name === "element" ? "3" : "1",
    spellcheck: "false",
  });
  const copy = make("button", { type: "button", "data-t": "share.copy" }, t("share.copy"));
  const label = make("label", { for: field.id, "data-t": `share.${name}` }, t(`share.${name}`));
  must("#share-lines", HTMLElement).append(make("div", { class: "share-line" }, label, field, copy));
  field.addEventListener("focus", () => field.select());
  copy.addEventListener("click", async () => {
    if (!(await copyText(field))) return setText(status, t("share.copy-by-hand"));
    setText(status, t("share.copied"));
    setText(copy, t("share.copied"));
    setTimeout(() => setText(copy, t("share.copy")), FEEDBACK);
  });
  return { name, field };
}

/** @param {Blob} blob @returns {Promise<string>} */
function dataAddress(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
