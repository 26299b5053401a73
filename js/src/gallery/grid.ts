/** The grid of tiles, of which only those on the screen and about it are there. */

import { el, urls } from "../dom";
import { commanding, on, place } from "../pieces";
import { GAP, moved, type Plan, placed, planned, seen, shown } from "./layout";
import type { Item } from "./rows";
import type { Supply } from "./supply";
import { thumbs } from "./thumbs";
import { type Tile, tile } from "./tile";

export interface Grid {
  readonly element: HTMLElement;
  /** Shows these; from the top, if others were looked for. */
  show(items: Item[], again: boolean): void;
  /** Marks those that are picked. */
  pick(picked: ReadonlySet<string>): void;
  /** Brings one to the screen, and the focus to it; the last that had it, if this is none. */
  focus(at: number): void;
  /** The one that has the focus, or had it last. */
  current(): Item | undefined;
}

export interface Hands {
  open(at: number): void;
  pick(row: Item, picked: boolean): void;
  star?(row: Item): void;
}

export function grid(supply: Supply, hands: Hands, signal: AbortSignal): Grid {
  const list = el("ul", { class: "rqe-tiles", "aria-label": "Edits" });
  const scroller = el("div", { class: "rqe-scroller" }, list);
  const tiles = new Map<string, Tile>();
  let items: Item[] = [];
  let plan: Plan = planned(1, 0);
  let current = 0; // the one that Tab stops at
  let picked: ReadonlySet<string> = new Set();
  let asked = 0; // the frame in which it is drawn

  const soon = () => {
    if (!asked) asked = requestAnimationFrame(draw);
  };
  const source = thumbs(supply, urls(signal), soon);

  const made = (row: Item): Tile => {
    const known = tiles.get(row.id);
    if (known?.row === row) return known;
    known?.element.remove();
    const at = () => items.indexOf(row);
    const { star } = hands;
    const fresh = tile(row, {
      open: () => hands.open(at()),
      pick: (now) => hands.pick(row, now),
      ...(star && { star: () => star(row) }),
    });
    on(fresh.element, "focusin", () => {
      current = at();
      for (const other of tiles.values()) other.stop(other === fresh);
    });
    tiles.set(row.id, fresh);
    return fresh;
  };

  const draw = () => {
    asked = 0;
    if (signal.aborted) return;
    const windows = seen(plan, scroller.scrollTop, scroller.clientHeight);
    const [from, to] = windows.made;
    const order = [...Array(to - from).keys()].map((at) => at + from);
    if (current < from)
      order.unshift(current); // Tab finds it, and the focus is not lost
    else if (current >= to) order.push(current);
    const keep = new Map<string, HTMLElement>();
    for (const at of order) {
      const row = items[at];
      if (!row) continue;
      const one = made(row);
      keep.set(row.id, one.element);
      one.place(at, plan.count, placed(plan, at), plan.width);
      one.show(source.get(row.pictures[0]?.[0] ?? ""));
      one.pick(picked.has(row.id));
      one.mark();
      one.stop(at === current);
    }
    for (const id of tiles.keys()) if (!keep.has(id)) tiles.delete(id);
    place(list, [...keep.values()]);
    const pictures = (first: number, last: number) =>
      items.slice(first, last).flatMap((row) => row.pictures[0]?.[0] ?? []);
    source.want([...pictures(...windows.seen), ...pictures(from, to)]);
  };

  const measure = () => {
    const wide = list.clientWidth;
    if (!wide) return;
    plan = planned(wide, items.length);
    list.style.height = `${plan.total}px`;
    list.style.setProperty("--rqe-picture", `${plan.picture}px`);
    list.style.setProperty("--rqe-tile", `${plan.height}px`);
    draw(); // at once: what is told and what is seen change together
  };
  const focus = (at: number) => {
    current = Math.min(items.length - 1, at < 0 ? current : at);
    scroller.scrollTop = shown(plan, current, scroller.scrollTop, scroller.clientHeight);
    draw();
    tiles.get(items[current]?.id ?? "")?.opener.focus({ preventScroll: true });
  };
  on(scroller, "scroll", soon);
  on(list, "keydown", (event) => {
    if (commanding(event) || event.shiftKey) return;
    const to = moved(plan, current, event.key, scroller.clientHeight);
    if (to === undefined) return;
    event.preventDefault();
    focus(to);
  });
  const watcher = new ResizeObserver(measure);
  watcher.observe(scroller);
  signal.addEventListener("abort", () => watcher.disconnect());
  scroller.style.setProperty("--rqe-gap", `${GAP}px`);
  return {
    element: scroller,
    show(now, again) {
      const held = items[current];
      items = now;
      const there = held ? items.indexOf(held) : -1;
      current = again ? 0 : Math.max(0, there < 0 ? Math.min(current, items.length - 1) : there);
      if (again) scroller.scrollTop = 0;
      measure();
      if (items.length) return;
      tiles.clear(); // it is not on the screen, and was not measured
      list.replaceChildren();
    },
    pick(now) {
      picked = now;
      draw();
    },
    focus,
    current: () => items[current],
  };
}
