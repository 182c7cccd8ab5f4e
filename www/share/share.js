/** The share panel: the shown state as a link, as snippets for other pages (iframe, element, Markdown) and as a PNG. */

import { isUntargeted } from "../domain/attacks.js";
import { DATASETS } from "../domain/datasets.js";
import { make, must, setText } from "../page/dom.js";
import { percent, t } from "../page/i18n.js";
import { copyText, saveFile } from "../page/save.js";
import { addressOf, linkOfState } from "../session/address.js";
import { SIDES } from "../session/state.js";
import { verdictsOfBoth } from "../session/verdict.js";
import { animatedPicture, stillPicture, thumbnail } from "./share-picture.js";
import { element, iframe, markdown } from "./snippets.js";

/** @typedef {import("./snippets.js").Shared} Shared */

/** The snippets in their order, and how each is made. @type {Record<string, (shared: Shared) => string>} */
const SNIPPETS = { link: ({ link }) => link, iframe, element, markdown };
const FLAGS = /** @type {const} */ (["controls", "target", "draw", "temperature", "story", "autoplay", "load=click"]);
/** How long a button says "Copied", in milliseconds. */
const COPIED_MS = 2000;

/**
 * @param {import("../session/state.js").Store} store
 * @param {import("../session/session.js").Session} session
 */
export function setUpShare({ state }, session) {
  const dialog = must("#share", HTMLDialogElement);
  const preview = must("#share-preview", HTMLImageElement);
  const status = must("#share-status", HTMLElement);
  const native = must("#share-native", HTMLButtonElement);
  const snippets = Object.keys(SNIPPETS).map((name) => setUpSnippet(name, status));
  const flags = FLAGS.map((flag) => {
    const box = make("input", { type: "checkbox", value: flag });
    box.checked = flag === "controls";
    box.addEventListener("change", drawSnippets);
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
  must("#share-still", HTMLButtonElement).addEventListener("click", () => save(() => stillPicture(state, shared.link)));
  must("#share-moving", HTMLButtonElement).addEventListener("click", () => {
    // This takes seconds, during which the page's state may change, so it works on a copy.
    const [left, right] = SIDES.map((side) => ({ ...state.panels[side], steps: [...state.panels[side].steps] }));
    const copy = { ...state, panels: { left, right } };
    void save(() =>
      animatedPicture(copy, shared.link, (share) => setText(status, t("share.working", { share: percent(share, 0) }))),
    );
  });
  native.hidden = !("share" in navigator);
  native.addEventListener("click", () =>
    navigator.share({ title: t("title"), text: shared.alt, url: shared.link }).catch(() => {
      // The visitor closed the system's share dialog.
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
    drawSnippets();
    dialog.showModal();
    // The snippets need the thumbnail alone, which can be made even where the picture cannot.
    await showErrors(async () => {
      shared.image = await toDataUrl(await thumbnail(state));
      drawSnippets();
    });
    await showErrors(async () => show(await stillPicture(state, shared.link)));
  }

  function drawSnippets() {
    shared.flags = flags.filter(({ checked }) => checked).map(({ value }) => value);
    for (const { name, field } of snippets) field.value = SNIPPETS[name](shared);
  }

  /** @param {Blob} picture */
  function show(picture) {
    URL.revokeObjectURL(preview.src);
    preview.src = URL.createObjectURL(picture);
    preview.alt = shared.alt;
  }

  /** @param {() => Promise<Blob>} draw */
  function save(draw) {
    return showErrors(async () => {
      const picture = await draw();
      show(picture);
      saveFile(shared.file, picture);
      setText(status, t("share.saved", { file: shared.file }));
    });
  }

  /** Runs some work; if it fails, the panel's status line shows the error. @param {() => Promise<void>} work */
  async function showErrors(work) {
    try {
      await work();
    } catch (error) {
      setText(status, t("share.failed", { reason: /** @type {Error} */ (error).message }));
    }
  }
}

/** Adds a snippet's field with its label and a copy button. @param {string} name @param {HTMLElement} status */
function setUpSnippet(name, status) {
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
    setTimeout(() => setText(copy, t("share.copy")), COPIED_MS);
  });
  return { name, field };
}

/** @param {Blob} blob @returns {Promise<string>} */
function toDataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
