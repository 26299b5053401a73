/** The panel that lists all keys. */

import { type Commands, keyName, type Name } from "./commands";
import { el } from "./dom";

const GESTURES: [string, string][] = [
  [
    "Arrows",
    "Move the keyboard's cursor 10 screen pixels; with Shift one image pixel; with Alt move the view",
  ],
  ["Enter", "Stamp the brush, set a corner; twice at one place closes a polygon; Shift paints a line"],
  ["Escape", "Drop the shape begun"],
  ["Backspace", "Take back a polygon's last corner"],
  ["G", "Say where the cursor is"],
  ["Shift", "Straight strokes, squares and circles"],
  ["Alt", "Brush erases, eraser paints, shapes take away or add"],
  ["Space + drag", "Move the view; the middle button and two fingers do too"],
  ["Ctrl + wheel", "Zoom; Alt + wheel changes the brush"],
];

export function help(list: () => Commands): { el: HTMLDialogElement; open(): void } {
  const dialog = el("dialog", { class: "rqe-help", "aria-label": "Keys of the mask editor" });
  const row = (keys: string[], label: string) =>
    el("div", {}, el("dt", {}, ...keys.map((key) => el("kbd", {}, key))), el("dd", {}, label));
  return {
    el: dialog,
    open() {
      const all = list();
      const rows = (Object.keys(all) as Name[]).map((name) =>
        row(all[name].keys.map(keyName), all[name].label),
      );
      const close = el("button", { class: "outlined", onclick: () => dialog.close() }, "Close");
      dialog.replaceChildren(
        el("h2", {}, "Keys, while the image has the focus"),
        el("dl", {}, ...rows, ...GESTURES.map(([key, label]) => row([key], label))),
        close,
      );
      dialog.showModal();
    },
  };
}
