/** A picture of the visitor's own: chosen, pasted, dropped, or taken with a phone's camera. It is sent nowhere. */

import { DATASETS } from "../domain/datasets.js";
import { writePixels } from "../link/pixels.js";
import { announce } from "../page/announce.js";
import { must, setText } from "../page/dom.js";
import { number, t } from "../page/i18n.js";
import { claim } from "../page/sequence.js";
import { PictureError, readPhoto } from "./photo.js";

/**
 * @param {import("../session/state.js").Store} store
 * @param {import("../session/session.js").Session} session
 */
export function setUpUpload({ state, changed }, session) {
  const area = must("#upload", HTMLElement);
  const note = must("#upload-note", HTMLElement);
  /** The current message; while it is empty, the note shows its usual text. @type {() => string} */
  let noteText = () => "";
  /** The strokes at the time of the message. Another picture replaces them, and then the message is removed. */
  let notedStrokes = state.strokes;

  for (const [button, input] of [
    ["#upload-choose", "#upload-file"],
    ["#upload-photo", "#upload-camera"],
  ]) {
    const file = must(input, HTMLInputElement);
    must(button, HTMLButtonElement).addEventListener("click", () => file.click());
    file.addEventListener("change", () => {
      void useFile(file.files);
      // Without this, choosing the same file again would fire no event.
      file.value = "";
    });
  }
  must("#upload-photo", HTMLButtonElement).hidden = !matchMedia("(pointer: coarse)").matches;

  document.addEventListener("paste", ({ clipboardData }) => useFile(clipboardData?.files));
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    // Otherwise the browser would open a dropped file in place of the page.
    event.preventDefault();
    area.classList.add("is-over");
  });
  for (const type of ["dragleave", "drop"]) document.addEventListener(type, () => area.classList.remove("is-over"));
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    void useFile(event.dataTransfer.files);
  });

  /** @param {FileList | null | undefined} files */
  async function useFile(files) {
    const file = files?.[0];
    if (!file || area.getClientRects().length === 0) return;
    // A picture that the visitor chooses or draws meanwhile is not replaced.
    const isLatest = claim("picture");
    const { data } = state;
    showNote(() => t("upload.working"));
    try {
      const own = await writePixels(await readPhoto(file, DATASETS[data]));
      if (!isLatest()) return;
      showNote(() => "");
      session.chooseOwnPicture(own);
      announce(t("input.own"));
    } catch (error) {
      if (!isLatest()) return;
      const { reason, values } = error instanceof PictureError ? error : new PictureError("broken");
      const rounded = () =>
        Object.fromEntries(
          Object.entries(values).map(([name, value]) => [name, number(value, { maximumFractionDigits: 1 })]),
        );
      showNote(() => t(`upload.${reason}`, rounded()));
      announce(noteText());
    }
  }

  /** @param {() => string} text */
  function showNote(text) {
    noteText = text;
    changed();
  }

  return () => {
    // Remove the message about a file after another picture has been chosen.
    if (notedStrokes !== state.strokes) [notedStrokes, noteText] = [state.strokes, () => ""];
    const now = noteText();
    setText(note, now || t("upload.note"));
    note.toggleAttribute("data-alert", now !== "");
  };
}
