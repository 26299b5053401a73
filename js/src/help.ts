/** The editor's keys, and what else it is moved by. */

import { type Commands, keyName, type Name } from "./commands";
import { keyList, type Line } from "./keylist";

const GESTURES: Line[] = [
  [
    ["Arrows"],
    "Move the keyboard's cursor 10 screen pixels; with Shift one image pixel; with Alt move the view",
  ],
  [["Enter"], "Stamp the brush, set a corner; twice at one place closes a polygon; Shift paints a line"],
  [["Escape"], "Drop the shape begun"],
  [["Backspace"], "Take back a polygon's last corner"],
  [["G"], "Say where the cursor is"],
  [["Shift"], "Straight strokes, squares and circles"],
  [["Alt"], "Brush erases, eraser paints, shapes take away or add"],
  [["Space + drag"], "Move the view; the middle button and two fingers do too"],
  [["Ctrl + wheel"], "Zoom; Alt + wheel changes the brush"],
];

export function help(list: () => Commands): { el: HTMLDialogElement; open(): void } {
  const panel = keyList("the mask editor", "the image", "rqe-help");
  return {
    el: panel.element,
    open() {
      const all = list();
      const named = (Object.keys(all) as Name[]).map(
        (name): Line => [all[name].keys.map(keyName), all[name].label],
      );
      panel.open([...named, ...GESTURES]);
    },
  };
}
