/** The share panel: the shown state as a link, as snippets for other pages (iframe, element, Markdown) and as a PNG. */

import { isUntargeted } from "../domain/attacks.js";
import { DATASETS } from "../domain/datasets.js";
import { pointCount } from "../link/strokes.js";
import { make, must, setText } from "../page/dom.js";
import { className, language, percent, t } from "../page/i18n.js";
import { copyText, saveFile } from "../page/save.js";
import { addressOf, linkOfState } from "../session/address.js";
import { SIDES } from "../session/state.js";
import { verdictsOfBoth } from "../session/verdict.js";
import { animatedPicture, stillPicture, thumbnail } from "./share-picture.js";
import { LONGEST_LINK, withFewerPoints, withNearestSample } from "./shorter-links.js";
import { element, iframe, markdown } from "./snippets.js";

/** @typedef {import("./snippets.js").Shared} Shared */
/**
 * @typedef {object} Way One of the links that can be shared: the whole one, or a shorter one.
 * @property {"whole" | "points" | "sample"} name
 * @property {import("../link/link.js").Link} link
 * @property {Record<string, string | number>} values For its words.
 */

/** The snippets in their order, and how each is made. @type {Record<string, (shared: Shared) => string>} */
const SNIPPETS = { link: ({ link }) => link, iframe, element, markdown };
const FLAGS = /** @type {const} */ (["controls", "target", "draw", "temperature", "story", "autoplay", "load=click"]);
/** A pixel differs where its value from 0 to 1 does by more than this. */
const DIFFERS = 0.01;
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
  const fixLanguage = must("#share-fix-language", HTMLInputElement);
  const short = must("#share-short", HTMLElement);
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
  /** @type {Way[]} */
  let ways = [];
  /** @type {Way["name"]} */
  let chosen = "whole";

  fixLanguage.addEventListener("change", drawWays);
  must("#share-short-ways", HTMLElement).addEventListener("change", ({ target }) => {
    chosen = /** @type {Way["name"]} */ (/** @type {HTMLInputElement} */ (target).value);
    drawLink();
  });
  must("#share-short-save", HTMLButtonElement).addEventListener("click", () =>
    must("#share-still", HTMLElement).click(),
  );
  must("#share-open", HTMLButtonElement).addEventListener("click", open);
  must("#share-close", HTMLButtonElement).addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog) dialog.close();
  });
  must("#share-still", HTMLButtonElement).addEventListener("click", () => save(() => stillPicture(state, wholeLink())));
  must("#share-moving", HTMLButtonElement).addEventListener("click", () => {
    // This takes seconds, during which the page's state may change, so it works on a copy.
    const [left, right] = SIDES.map((side) => ({ ...state.panels[side], steps: [...state.panels[side].steps] }));
    const copy = { ...state, panels: { left, right } };
    void save(() =>
      animatedPicture(copy, wholeLink(), (share) => setText(status, t("share.working", { share: percent(share, 0) }))),
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
      link: "",
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
    fixLanguage.checked = state.fixesLanguage;
    chosen = "whole";
    drawWays();
    dialog.showModal();
    // The snippets need the thumbnail alone, which can be made even where the picture cannot.
    await showErrors(async () => {
      shared.image = await toDataUrl(await thumbnail(state));
      drawSnippets();
    });
    await showErrors(async () => show(await stillPicture(state, wholeLink())));
  }

  /** Offers shorter links if that of the state is long. */
  function drawWays() {
    const fixlang = fixLanguage.checked;
    const link = { ...linkOfState(state), fixlang, lang: fixlang ? language() : null };
    ways = [{ name: "whole", link, values: {} }];
    short.hidden = addressOf(link).length <= LONGEST_LINK;
    if (!short.hidden) {
      const fewer = withFewerPoints(link);
      if (fewer)
        ways.push({
          name: "points",
          link: fewer,
          values: { points: pointCount(fewer.strokes ?? []), of: pointCount(link.strokes ?? []) },
        });
      const nearest = withNearestSample(link, state.samples, state.picture.pixels);
      if (nearest)
        ways.push({
          name: "sample",
          link: nearest.link,
          values: { index: String(nearest.sample.index), label: className(DATASETS[state.data], nearest.sample.label) },
        });
      setText(
        must("#share-short-title", HTMLElement),
        t("share.short", { length: addressOf(link).length, most: LONGEST_LINK }),
      );
      must("#share-short-ways", HTMLElement).replaceChildren(
        ...ways.map(({ name, link, values }) => {
          const input = make("input", { type: "radio", name: "share-short", value: name });
          input.checked = name === chosen;
          const words = t(`share.short.${name}`, { ...values, length: addressOf(link).length });
          return make("label", { class: "check" }, input, make("span", {}, words));
        }),
      );
    }
    drawLink();
  }

  /** The link of what is on the page, which pictures carry: a file is not cut. */
  const wholeLink = () => addressOf(ways[0].link);

  /** Shares the chosen link, and says what it does not show as the page does. */
  function drawLink() {
    const way = ways.find(({ name }) => name === chosen) ?? ways[0];
    shared.link = addressOf(way.link);
    drawSnippets();
    const note = must("#share-short-note", HTMLElement);
    setText(note, way.name === "sample" ? t("share.short.sample.note") : "");
    if (way.name === "points") void describeDifference(way, note);
  }

  /** Says in how many pixels a drawing with fewer points differs. @param {Way} way @param {HTMLElement} note */
  async function describeDifference({ link, name }, note) {
    const before = state.picture.pixels;
    const after = await session.rasterize(link.strokes ?? []).catch(() => null);
    if (chosen !== name || !before || !after) return;
    const count = after.filter((value, place) => Math.abs(value - before[place]) > DIFFERS).length;
    setText(note, t("share.short.points.note", { count, of: before.length }));
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
