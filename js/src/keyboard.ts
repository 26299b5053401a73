/** Keys, while the stage has the focus; those not handled do not reach the notebook's shortcuts either. */

import type { Board } from "./board";
import type { Commands } from "./commands";
import type { Marks } from "./marks";
import type { Hand } from "./pointer";
import type { Held, Tools } from "./tools";
import { type Point, pan } from "./viewport";

const ARROWS: Record<string, Point> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const STEP = 10; // screen pixels
const PAN = 40;

/** The name a command lists its key by. */
export function keyOf(
  event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">,
): string {
  if (event.altKey) return "";
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!event.ctrlKey && !event.metaKey) return key === "Backspace" ? "Delete" : key;
  return `Mod+${event.shiftKey ? "Shift+" : ""}${key}`;
}

export function keyboard(board: Board, tools: Tools, marks: Marks, hand: Hand, commands: Commands): void {
  const { el, link } = board;
  const byKey = new Map(Object.values(commands).flatMap((each) => each.keys.map((key) => [key, each.run])));

  const cursor = (): Point => marks.where() ?? [board.size()[0] / 2, board.size()[1] / 2];
  const within = ([x, y]: Point): Point => [
    Math.max(0, Math.min(x, board.size()[0])),
    Math.max(0, Math.min(y, board.size()[1])),
  ];
  const arrow = ([dx, dy]: Point, event: KeyboardEvent) => {
    if (event.altKey) return board.move(pan(board.view(), -dx * PAN, -dy * PAN));
    const step = event.shiftKey ? board.view().zoom : STEP;
    const at = within([cursor()[0] + dx * step, cursor()[1] + dy * step]);
    marks.point(at, true);
    tools.hover(at, event.shiftKey);
  };
  const enter = (held: Held) => {
    const at = cursor();
    marks.point(at, true);
    const did = tools.stamp(at, held);
    if (did) board.say(did);
  };
  const drop = () => {
    if (tools.busy()) board.say("dropped");
    tools.cancel();
  };
  const act = (event: KeyboardEvent): boolean => {
    const move = ARROWS[event.key];
    if (event.ctrlKey || event.metaKey) {
      const run = byKey.get(keyOf(event));
      run?.();
      return Boolean(run);
    }
    if (move) arrow(move, event);
    else if (event.key === "Enter") enter({ shift: event.shiftKey, alt: event.altKey });
    else if (event.key === "Escape") drop();
    else if (event.key === " ") hand.space(true);
    else if (event.key === "Backspace" && tools.draft()) tools.back();
    else if (event.key === "g") board.say(marks.locate());
    else {
      const run = byKey.get(keyOf(event));
      run?.();
      return Boolean(run);
    }
    return true;
  };
  el.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Tab" || event.isComposing) return;
      const handled = act(event);
      if (handled) event.preventDefault();
      if (handled || !(event.ctrlKey || event.metaKey || event.altKey)) event.stopPropagation();
    },
    { signal: link.signal },
  );
  el.addEventListener("keyup", (event) => event.key === " " && hand.space(false), { signal: link.signal });
  el.addEventListener(
    "blur",
    () => {
      hand.space(false);
      if (marks.keyed()) marks.point(null);
    },
    { signal: link.signal },
  );
}

/** Keeps the keys that are typed into the editor's fields and buttons from the notebook's shortcuts. */
export function shelter(root: HTMLElement, signal: AbortSignal): void {
  root.addEventListener(
    "keydown",
    (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey && event.key !== "Tab") event.stopPropagation();
    },
    { signal },
  );
}
