/** The gallery: what is looked for, the edits that were found, and what is opened over them. */

import "../base.css";
import "../pieces.css";
import "./gallery.css";
import { choosing } from "../choosing";
import { el } from "../dom";
import { shelter } from "../keyboard";
import { keyList } from "../keylist";
import { button, commanding, div, on, say } from "../pieces";
import { tagging } from "../tagging";
import { theme } from "../theme";
import { filters } from "./filters";
import { type Grid, grid } from "./grid";
import { listed } from "./keys";
import { marking } from "./marking";
import { one } from "./one";
import { pair } from "./pair";
import { EVERYTHING, found, narrows, type Query } from "./query";
import { type Item, mark, numbered } from "./rows";
import type { Supply } from "./supply";

export interface Start {
  supply: Supply;
  view: string; // its own name on the page
  signal: AbortSignal;
  look: Query; // what is looked for at first
  looked(query: Query): void; // is told what is looked for now
}

const edits = (count: number): string => `${numbered(count)} ${count === 1 ? "edit" : "edits"}`;

/** Words for what was found. */
export function told(shown: number, there: number, total: number, narrowed: boolean): string {
  const still = there < total ? ` (${numbered(there)} of ${numbered(total)} are here so far)` : "";
  if (!total) return "";
  return narrowed ? `${numbered(shown)} of ${edits(total)}${still}` : edits(total);
}

const HEAD_START = 250; // milliseconds that the pictures on the screen have before rows that are not

const EMPTY = "No edits yet. Those you make are kept and shown here.";
const NO_MATCH = "No edit matches. Take back some of what is looked for.";

export function gallery({ supply, view, signal, look, looked }: Start): HTMLElement {
  let all: Item[] = [];
  let items: Item[] = [];
  let everything = found(all, EVERYTHING).counts;

  const count = el("p", { class: "rqe-count", role: "status" });
  const nothing = el("p", { class: "rqe-nothing", hidden: true });
  const trouble = el("p", { class: "rqe-problem", hidden: true });
  const search = filters(view, look, () => {
    looked(search.query());
    update(true);
  });
  const tiles: Grid = grid(
    supply,
    {
      open: (at) => single.open(items, at),
      pick: (row, now) => picks.choose(row, now),
      ...(supply.keeping && { star: (row: Item) => marks?.star(row) }),
    },
    signal,
  );
  const known = () => everything.tag.keys();
  const back = (row: Item) => tiles.focus(items.indexOf(row));
  const single = one(supply, view, signal, back, known);
  const both = pair(supply, view, signal, () => picks.focus());

  const heard = el("span", { class: "rqe-unseen", role: "status" });
  const form = tagging(view, () => tiles.focus(-1));
  const marks = marking(supply.keeping, form, known, (text, wrong) => {
    say(trouble, wrong ? text : "");
    heard.textContent = wrong ? "" : text;
  });
  const panel = keyList("the gallery", "an edit");
  const openKeys = () => panel.open(listed(marks !== undefined));

  const picks = choosing<Item>(
    (one, other) => one.id === other.id,
    (picked) => tiles.pick(new Set(picked.map(({ id }) => id))),
    (first, second) => void both.open(first, second),
  );

  const update = (again: boolean) => {
    const query = search.query();
    const now = found(all, query);
    items = now.items;
    search.offer(now.counts, everything);
    count.textContent = told(items.length, all.length, supply.total(), narrows(query));
    say(nothing, items.length ? "" : all.length || supply.total() ? NO_MATCH : EMPTY);
    tiles.element.hidden = !items.length;
    tiles.show(items, again);
  };
  /** Puts down what was noted of edits meanwhile. */
  const noted = (rows: Item[]) => {
    const now = supply.marks?.() ?? {};
    for (const row of rows) {
      const one = now[row.id];
      if (one) mark(row, one);
    }
  };
  const remark = () => {
    const held = tiles.element.contains(document.activeElement);
    noted(all);
    everything = found(all, EVERYTHING).counts;
    update(false);
    single.remark();
    if (held && !tiles.element.contains(document.activeElement)) tiles.focus(-1); // it matches no longer
  };
  const newer = fresh(supply);
  const help = el(
    "button",
    { class: "rqe-help-button", "aria-label": "Keys", title: "Keys (?)", onclick: openKeys },
    "?",
  );
  const bar = div("row rqe-found", count, newer.node, picks.element, help);
  const load = async () => {
    all = supply.first();
    const mine = all;
    noted(all);
    everything = found(all, EVERYTHING).counts;
    update(false);
    say(trouble, "");
    try {
      if (mine.length < supply.total()) await new Promise((resolve) => setTimeout(resolve, HEAD_START));
      while (all === mine && mine.length < supply.total()) {
        const more = await supply.more(mine.length);
        if (all !== mine || signal.aborted || !more.length) return;
        noted(more);
        mine.push(...more);
        everything = found(all, EVERYTHING).counts;
        update(false);
      }
    } catch (error) {
      if (all === mine) say(trouble, `The older edits are not here: ${(error as Error).message}`);
    }
  };
  const element = div(
    "gallery",
    search.element,
    bar,
    trouble,
    heard,
    form.element,
    nothing,
    tiles.element,
    single.element,
    both.element,
    panel.element,
  );
  for (const kind of ["pointerenter", "focusin"] as const) on(element, kind, newer.ask);
  on(element, "keydown", (event) => {
    const target = event.target as HTMLElement;
    if (commanding(event) || target.closest("input:not([type=checkbox]), textarea, dialog")) return;
    if (event.key === "/") search.focus();
    else if (event.key === "?") openKeys();
    else {
      if (tiles.element.contains(target)) marks?.key(event, tiles.current());
      return;
    }
    event.preventDefault();
  });
  supply.onChange?.(() => void load());
  supply.onMarks?.(remark);
  void load();
  return element;
}

const PAUSE = 3000; // milliseconds between two questions for newer edits

/** A button that takes in the edits that have come since, there when there are some: `ask` when somebody comes. */
function fresh(supply: Supply): { node: HTMLElement; ask(): void } {
  const node = button("", () => supply.refresh?.());
  node.hidden = true;
  let last = -PAUSE;
  supply.onChange?.(() => {
    node.hidden = true;
  });
  return {
    node,
    async ask() {
      if (!supply.newer || performance.now() - last < PAUSE) return;
      last = performance.now();
      const count = await supply.newer().catch(() => 0);
      node.textContent = `${edits(count)} newer: show`;
      node.hidden = !count;
    },
  };
}

/** Puts a gallery on a page: in its colours, its keys its own. */
export function mount(place: HTMLElement, root: HTMLElement, start: Start): void {
  root.append(gallery(start));
  shelter(root, start.signal);
  place.append(root);
  theme(root, start.signal);
  start.signal.addEventListener("abort", () => root.remove());
}
