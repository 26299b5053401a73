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

type Keys = "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey" | "getModifierState";

/**
 * The name a command lists its key by; empty for one with Alt.
 *
 * Brackets and the like are typed with AltGr (on Windows also told as Ctrl and Alt) or Option on many keyboards.
 */
export function keyOf(event: Pick<KeyboardEvent, Keys>): string {
  const printed = event.key.length === 1;
  const key = printed ? event.key.toLowerCase() : event.key;
  const held = event.ctrlKey || event.metaKey;
  if (printed && event.getModifierState("AltGraph")) return key;
  if (event.altKey) return printed && !held && !/[\w ]/.test(key) ? key : "";
  if (!held) return key === "Backspace" ? "Delete" : key;
  return `Mod+${event.shiftKey ? "Shift+" : ""}${key}`;
}

export function keyboard(board: Board, tools: Tools, marks: Marks, hand: Hand, commands: Commands): void {
  const { el } = board;
  const byKey = new Map(Object.values(commands).flatMap((each) => each.keys.map((key) => [key, each])));

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
  const own: Record<string, (event: KeyboardEvent) => void> = {
    Enter: ({ shiftKey, altKey }) => enter({ shift: shiftKey, alt: altKey }),
    Escape: drop,
    " ": () => hand.space(true),
    Backspace: () => tools.back(),
    g: () => board.say(marks.locate()),
  };
  const act = (event: KeyboardEvent): boolean => {
    const bare = !event.ctrlKey && !event.metaKey;
    const move = bare && ARROWS[event.key];
    if (move) {
      arrow(move, event);
      return true;
    }
    const name = event.key.length > 1 ? event.key : keyOf(event);
    const mine = bare && (name !== "Backspace" || tools.draft()) ? own[name] : undefined;
    const command = byKey.get(keyOf(event));
    const run = mine ?? command?.run;
    if (!event.repeat || command?.held) run?.(event);
    return Boolean(run);
  };
  el.addEventListener("keydown", (event) => {
    if (event.key === "Tab" || event.isComposing) return;
    const handled = act(event);
    if (handled) event.preventDefault();
    if (handled || !(event.ctrlKey || event.metaKey || event.altKey)) event.stopPropagation();
  });
  el.addEventListener("keyup", (event) => event.key === " " && hand.space(false));
  el.addEventListener("blur", () => {
    hand.space(false);
    if (marks.keyed()) marks.point(null);
  });
}

/**
 * Keeps the keys that are meant for the editor from the notebook's shortcuts; saving and the like stay its own.
 *
 * Hosts listen on the document, some for keys on their way back (JupyterLab), some on their way to the element
 * (Notebook 7). For the latter the element is marked before, from the window down, and only for such a key.
 */
export function shelter(root: HTMLElement, signal: AbortSignal): void {
  const mark = (event: KeyboardEvent) => {
    const [element] = event.composedPath();
    if (!(element instanceof Element) || !root.contains(element)) return;
    const typed = !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== "Tab";
    element.toggleAttribute("data-lm-suppress-shortcuts", typed || /^[zy]$/i.test(event.key));
  };
  window.addEventListener("keydown", mark, { capture: true, signal });
  root.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey && event.key !== "Tab") event.stopPropagation();
  });
}
