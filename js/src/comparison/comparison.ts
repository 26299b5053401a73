/** Two or more pictures, compared: the same in a live notebook and in a page without a kernel. */

import "../base.css";
import "./comparison.css";
import { el } from "../dom";
import { shelter } from "../keyboard";
import { keyList, type Line } from "../keylist";
import { commanding, div, on } from "../pieces";
import { slide } from "../slider";
import { theme } from "../theme";
import { bar } from "./bar";
import { blinker } from "./blinker";
import { hands } from "./hands";
import { type Act, act, listed, MODES, type Mode } from "./keys";
import { FIT, moved, type Place, type Share, zoomed } from "./place";
import { scene } from "./scene";
import type { Side } from "./sights";
import { which } from "./which";
import type { Mark } from "./words";

/** What a kernel adds: picking the one at the right. */
export interface Picking {
  readonly tools: Node[];
  readonly element: Node;
  readonly keys: Line[];
  act(what: Act, right: number): void;
  show(right: number): void;
}

export interface Start {
  sides: Side[];
  mode: Mode;
  view: string; // its own name on the page
  signal: AbortSignal;
  /** Where a picture's data are. */
  load(at: number): Promise<string>;
  tallest?: number; // CSS pixels of a picture
  picking?(say: (text: string) => void, back: () => void): Picking;
}

export interface Comparison {
  element: HTMLElement;
  mark(marks: Mark[]): void;
}

const PAN = 0.08; // of the pane, by an arrow key
const ARROWS: Record<string, Share> = {
  ArrowLeft: [PAN, 0],
  ArrowRight: [-PAN, 0],
  ArrowUp: [0, PAN],
  ArrowDown: [0, -PAN],
};

/** Does something once for each number; what failed, again the next time. */
function once<T>(make: (at: number) => Promise<T>): (at: number) => Promise<T> {
  const made = new Map<number, Promise<T>>();
  return (at) => {
    const found = made.get(at) ?? make(at);
    made.set(at, found);
    found.catch(() => made.delete(at));
    return found;
  };
}

export function comparison({
  sides,
  mode: first,
  view,
  signal,
  load,
  picking,
  tallest = 560,
}: Start): Comparison {
  const modes = (Object.keys(MODES) as Mode[]).filter((mode) => mode !== "all" || sides.length > 2);
  const masked = sides.some(({ outline }) => outline);
  let mode = modes.includes(first) ? first : "slider";
  let [left, right, at] = [0, 1, 50];
  let place: Place = FIT;
  let outlined = false;
  const status = el("p", { class: "rqe-note", role: "status" });
  const say = (text: string) => {
    status.textContent = text;
  };
  const small = sides.length > 2 ? which(sides, (to, isLeft) => choose(to, isLeft)) : undefined;
  const fetch = once(async (to) => {
    const url = await load(to);
    small?.fill(to, url);
    return url;
  });
  const shown = scene({ sides, fetch, say });
  const { stage, divider } = shown;
  const picks = picking?.(say, () => stage.focus());
  const panel = keyList("the comparison", "the comparison");
  const lines = [...listed(sides.length > 2), ...(picks?.keys ?? [])];
  const blink = blinker(signal, shown.look);
  const tools = bar({ view, modes, masked, more: picks?.tools ?? [] }, (what) => run(what));
  const optional = [picks?.element, small?.element].filter((each) => each !== undefined);
  const element = div("comparison", tools.element, ...optional, stage, shown.captions, status, panel.element);
  element.style.setProperty("--rqe-wide", `${Math.round(tallest * shown.ratio)}px`);

  const show = () => {
    const playing = mode === "blink" ? blink.playing() : undefined;
    tools.show({ mode, outlined, playing, enlarged: place.zoom > 1 });
    small?.show(left, right);
    picks?.show(right);
    element.toggleAttribute("data-outlined", outlined);
    stage.toggleAttribute("data-enlarged", place.zoom > 1);
  };
  const move = (to: Place) => {
    place = to;
    shown.place(place);
    show();
  };
  const pull = (to: number) => {
    at = Math.min(100, Math.max(0, to));
    shown.pull(at);
  };
  const draw = () => {
    blink.run(mode === "blink");
    shown.draw({ mode, left, right });
    show();
  };
  const choose = (to: number, isLeft: boolean) => {
    if (to === (isLeft ? right : left)) [left, right] = [right, left];
    else if (isLeft) left = to;
    else right = to;
    draw();
  };
  const swap = () => {
    if (mode === "blink") return blink.turn();
    [left, right] = [right, left];
    draw();
  };
  const run = (what: Act) => {
    if (what.do === "mode" && modes.includes(what.mode) && what.mode !== mode) {
      mode = what.mode;
      draw();
    } else if (what.do === "left" || what.do === "right") choose(what.side, what.do === "left");
    else if (what.do === "zoom") move(zoomed(place, what.factor, [0.5, 0.5]));
    else if (what.do === "fit") move(FIT);
    else if (what.do === "mask") outlined = masked && !outlined;
    else if (what.do === "swap") swap();
    else if (what.do === "play") blink.toggle();
    else if (what.do === "help") panel.open(lines);
    else picks?.act(what, right);
    show();
  };
  /** Moves the divider, or what is enlarged; tells whether there was something to move. */
  const arrow = ({ key, shiftKey, target }: KeyboardEvent): boolean => {
    if (target !== stage && target !== divider) return false;
    const step = ARROWS[key];
    if (mode !== "slider") {
      if (!step || place.zoom === 1) return false;
      move(moved(place, step));
      return true;
    }
    const to = step || target === divider ? slide(at, key, shiftKey) : undefined;
    if (to !== undefined) pull(to);
    return to !== undefined;
  };
  on(element, "keydown", (event) => {
    const target = event.target as HTMLElement;
    if (commanding(event) || event.isComposing || target.closest("dialog, [type=text]")) return;
    if (event.key === " " && target.closest("button, input")) return; // it is theirs
    if (!arrow(event)) {
      const what = act(event, sides.length);
      if (!what) return;
      if (!event.repeat || what.do === "zoom") run(what);
    }
    event.preventDefault();
  });
  hands(stage, {
    place: () => place,
    move,
    pulls: ({ target }) => mode === "slider" && (place.zoom === 1 || target === divider),
    pull: (share) => pull(share * 100),
    click: () => mode === "blink" && run({ do: "swap" }),
    fit: () => move(FIT),
    wheels: () => element.contains(document.activeElement),
  });
  draw();
  if (small) for (const to of sides.keys()) fetch(to).catch(() => {}); // said once it is to be shown
  return {
    element,
    mark(marks) {
      shown.mark(marks);
      show();
    },
  };
}

/** Puts a comparison on a page: in its colours, its keys its own. */
export function mount(place: Element, root: HTMLElement, start: Start): Comparison {
  const made = comparison(start);
  root.append(made.element);
  shelter(root, start.signal);
  place.append(root);
  theme(root, start.signal);
  start.signal.addEventListener("abort", () => root.remove());
  return made;
}
