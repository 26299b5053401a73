/** Cells laid out: in rows and columns under their labels, or one after the other where only one thing is varied. */

import { el } from "../dom";
import { commanding, div, on } from "../pieces";
import { type Cell, cell } from "./cell";
import { moved } from "./moves";
import type { Page } from "./wired";
import { called } from "./words";

export interface Table {
  readonly element: HTMLElement;
  readonly cells: ReadonlyMap<number, Cell>; // by their places
  /** Brings a cell to the screen, and the focus to it. */
  focus(place: number): void;
}

export interface Hands {
  open(place: number): void;
  pick(place: number, picked: boolean): void;
  star(place: number): void;
}

/** A value; where it says too little by itself, after the name of what is varied. */
const label = (text: string, name = "prompt"): HTMLElement => {
  const before = name && name !== "prompt" ? [el("span", {}, `${name} `)] : [];
  return el("div", { class: "rqe-choice", title: text }, ...before, text);
};

export function table(page: Page, [down, across]: [string, string], hands: Hands): Table {
  const flows = !down;
  const places = page.places.flat();
  const cells = new Map<number, Cell>();
  const make = (place: number, row: string, column: string): Cell => {
    const made = cell(
      place,
      called(row, column, page.label),
      () => hands.open(place),
      (picked) => hands.pick(place, picked),
    );
    cells.set(place, made);
    made.stop(place === places[0]);
    return made;
  };
  const element = flows ? flowing(page, across, make) : tabled(page, [down, across], make);
  const stop = (place: number) => {
    for (const each of cells.values()) each.stop(each.place === place);
  };
  const columns = (): number => {
    if (!flows) return page.columns.length;
    const tops = [...cells.values()].map(({ element: { offsetTop } }) => offsetTop);
    return tops.filter((top) => top === tops[0]).length || 1;
  };
  const held = (event: Event): Cell | undefined =>
    [...cells.values()].find(({ element: one }) => one.contains(event.target as Node));
  on(element, "focusin", (event) => {
    const one = held(event);
    if (one) stop(one.place);
  });
  on(element, "keydown", (event) => {
    const one = held(event);
    if (one && event.key === "*" && !commanding(event)) return hands.star(one.place);
    if (!one || event.altKey || event.metaKey || event.shiftKey) return;
    if (event.key === "c" && !commanding(event)) {
      const box = one.element.querySelector<HTMLInputElement>(".rqe-pick:not([hidden]) input");
      box?.click();
      return;
    }
    const to = moved(columns(), places.length, places.indexOf(one.place), event.key, event.ctrlKey);
    const next = to === undefined ? undefined : cells.get(places[to] ?? -1);
    if (!next) return;
    event.preventDefault();
    next.opener.focus();
  });
  return {
    element,
    cells,
    focus(place) {
      stop(place);
      cells.get(place)?.opener.focus();
    },
  };
}

type Make = (place: number, row: string, column: string) => Cell;

function flowing(page: Page, name: string, make: Make): HTMLElement {
  const items = page.columns.map((column, at) => {
    const place = page.places[0]?.[at] ?? 0;
    const head = column ? [label(column, name)] : [];
    return el("li", {}, ...head, make(place, "", column).element);
  });
  return el("ul", { class: "rqe-flow", "aria-label": name || "Edits" }, ...items);
}

function tabled(page: Page, [down, across]: [string, string], make: Make): HTMLElement {
  const corner = el("td", { class: "rqe-corner" }, div("axis", `${down} ↓`), div("axis", `${across} →`));
  const heads = page.columns.map((column) => el("th", { scope: "col" }, label(column)));
  const rows = page.rows.map((row, at) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, label(row)),
      ...page.columns.map((column, over) =>
        el("td", {}, make(page.places[at]?.[over] ?? 0, row, column).element),
      ),
    ),
  );
  const made = el(
    "table",
    { class: "rqe-cells" },
    el("thead", {}, el("tr", {}, corner, ...heads)),
    el("tbody", {}, ...rows),
  );
  made.style.setProperty("--rqe-columns", String(page.columns.length));
  return made;
}
