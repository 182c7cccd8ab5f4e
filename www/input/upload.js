/** A picture of the visitor's own: chosen, pasted, dropped, or taken with a phone's camera. It stays on the page. */

import { DATASETS } from "../domain/datasets.js";
import { writePixels } from "../link/pixels.js";
import { announce } from "../page/announce.js";
import { must, setText } from "../page/dom.js";
import { number, t } from "../page/i18n.js";
import { PictureError, readPhoto } from "./photo.js";

/**
 * @param {import("../session/state.js").Store} store
 * @param {import("../session/session.js").Session} session
 */
export function setUpUpload({ state, changed }, session) {
  const area = must("#upload", HTMLElement);
  const note = must("#upload-note", HTMLElement);
  /** What the note says besides what it always does. @type {() => string} */
  let words = () => "";
  /** What was on the page when they were said. */
  let subject = state.strokes;
  /** Goes up with each picture, so that a slow one does not take the place of one that came after it. */
  let turn = 0;

  for (const [button, input] of [
    ["#upload-choose", "#upload-file"],
    ["#upload-photo", "#upload-camera"],
  ]) {
    const file = must(input, HTMLInputElement);
    must(button, HTMLButtonElement).addEventListener("click", () => file.click());
    file.addEventListener("change", () => {
      void take(file.files);
      // So that the same file can be chosen again.
      file.value = "";
    });
  }
  must("#upload-photo", HTMLButtonElement).hidden = !matchMedia("(pointer: coarse)").matches;

  document.addEventListener("paste", ({ clipboardData }) => take(clipboardData?.files));
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    // A file that is let go of elsewhere would be opened instead of the page.
    event.preventDefault();
    area.classList.add("is-over");
  });
  for (const type of ["dragleave", "drop"]) document.addEventListener(type, () => area.classList.remove("is-over"));
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    void take(event.dataTransfer.files);
  });

  /** @param {FileList | null | undefined} files */
  async function take(files) {
    const file = files?.[0];
    if (!file || area.getClientRects().length === 0) return;
    const mine = ++turn;
    const { data, strokes, picture } = state;
    // A picture that was chosen or drawn meanwhile stays; what the page opens with was chosen by nobody.
    const isWanted = () =>
      data === state.data && (strokes === state.strokes || (picture.pixels === null && strokes.length === 0));
    say(() => t("upload.working"));
    try {
      const own = await writePixels(await readPhoto(file, DATASETS[data]));
      if (mine !== turn) return;
      say(() => "");
      if (!isWanted()) return;
      session.chooseOwnPicture(own);
      announce(t("input.own"));
    } catch (error) {
      if (mine !== turn) return;
      const { reason, values } = error instanceof PictureError ? error : new PictureError("broken");
      const rounded = () =>
        Object.fromEntries(
          Object.entries(values).map(([name, value]) => [name, number(value, { maximumFractionDigits: 1 })]),
        );
      say(() => t(`upload.${reason}`, rounded()));
      announce(words());
    }
  }

  /** @param {() => string} now */
  function say(now) {
    words = now;
    changed();
  }

  return () => {
    // What was said of a file is not about the picture that was chosen after it.
    if (subject !== state.strokes) [subject, words] = [state.strokes, () => ""];
    const now = words();
    setText(note, now || t("upload.note"));
    note.toggleAttribute("data-alert", now !== "");
  };
}
