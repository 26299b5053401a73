/** The panel that lists the gallery's keys. */

import { el } from "../dom";

type Line = [keys: string[], does: string];

const LOOKING: Line[] = [
  [["←", "→", "↑", "↓"], "Go from edit to edit; Home, End, Page Up and Page Down go farther"],
  [["Enter"], "Open the edit; there, ← and → open its neighbours"],
  [["Tab", "Space"], "Pick the edit, to compare two"],
];
const MARKING: Line[] = [
  [["*", "s"], "Star the edit, or take its star away"],
  [["t"], "Tag the edit"],
];
const FINDING: Line[] = [
  [["/"], "Search"],
  [["Escape"], "Close what is open"],
];

/** Where nothing can be kept, its keys are not among them. */
export function keys(marks: boolean): HTMLDialogElement {
  const dialog = el("dialog", { class: "rqe-keys", "aria-label": "Keys of the gallery" });
  const row = ([names, does]: Line) =>
    el("div", {}, el("dt", {}, ...names.map((name) => el("kbd", {}, name))), el("dd", {}, does));
  dialog.append(
    el("h2", {}, "Keys, while an edit has the focus"),
    el("dl", {}, ...[...LOOKING, ...(marks ? MARKING : []), ...FINDING].map(row)),
    el("button", { class: "outlined", onclick: () => dialog.close() }, "Close"),
  );
  return dialog;
}
