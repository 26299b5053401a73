/** The grid: how it goes, its tabs, its cells, and what opens over them. */

import "../base.css";
import "../pieces.css";
import "../gallery/gallery.css";
import "./grid.css";
import { choosing } from "../choosing";
import { el, urls } from "../dom";
import { one } from "../gallery/one";
import { pair } from "../gallery/pair";
import { type Item, item } from "../gallery/rows";
import { thumbs } from "../gallery/thumbs";
import { div, say } from "../pieces";
import { header } from "./head";
import { type Table, table } from "./table";
import { tabs } from "./tabs";
import { type GridLink, isDone, type Page, type State, wired } from "./wired";
import { called } from "./words";

const COMING = 2000; // milliseconds in which a picture of a cell that was just made comes unasked

/** Notes since when each cell says what it says. */
function clock(): (place: number, state: State) => number {
  const begun = new Map<number, [string, number]>();
  return (place, state) => {
    const now = typeof state === "string" ? state : "over";
    const [text, since] = begun.get(place) ?? ["", 0];
    if (text === now) return performance.now() - since;
    begun.set(place, [now, performance.now()]);
    return 0;
  };
}

export function sweep(link: GridLink): HTMLElement {
  const { view, signal } = link;
  const pages = link.get("pages");
  const supply = wired(link);
  const since = clock();
  const there = new Set(link.get("cells").flatMap((state, place) => (isDone(state) ? [place] : [])));
  let page: Page | undefined;
  let shown: Table | undefined;
  let seen = new Set<number>(); // the cells on the screen
  let asked = 0; // the frame in which it is drawn

  const soon = () => {
    if (!asked) asked = requestAnimationFrame(draw);
  };
  const source = thumbs(supply, urls(signal), soon);
  supply.onPushed((place, thumb) => {
    source.put(place, thumb);
    soon();
  });

  const draw = () => {
    asked = 0;
    if (signal.aborted || !shown) return;
    const states = link.get("cells");
    const wanted: string[] = [];
    for (const [place, cell] of shown.cells) {
      const state = states[place] ?? "";
      const onScreen = seen.has(place);
      const told = since(place, state);
      if (onScreen && isDone(state) && (there.has(place) || told > COMING)) wanted.push(String(place));
      cell.show(state, onScreen ? source.get(String(place)) : undefined, told);
      cell.pick(picks.picked().includes(place));
    }
    source.want(wanted);
    shape(states);
  };
  const shape = (states: State[]) => {
    const [wide, high] = states.find(isDone)?.size ?? link.get("shape");
    scroller.style.setProperty("--rqe-shape", `${wide} / ${high}`);
  };

  const items = (): Item[] =>
    link
      .get("cells")
      .flatMap((state, place) => (typeof state === "string" ? [] : [item(opened(state, place))]));
  const opened = (state: Exclude<State, string>, place: number) => ({
    id: String(place),
    prompt: nameOf(pages, place),
    pictures: isDone(state)
      ? Array.from({ length: state.count ?? 1 }, (): [string, number, number] => ["", ...state.size])
      : [],
  });
  const single = one(supply, view, signal, ({ id }) => reveal(Number(id)));
  const both = pair(supply, view, signal, () => picks.focus());
  const open = (place: number) => {
    const all = items();
    const at = all.findIndex(({ id }) => id === String(place));
    if (at >= 0) single.open(all, at);
  };

  const trouble = el("p", { class: "rqe-problem", role: "status", hidden: true });
  const star = async (place: number) => {
    const state = link.get("cells")[place];
    if (isDone(state)) say(trouble, await supply.star(place, !state.star));
  };
  const itemOf = (place: number) => items().find(({ id }) => id === String(place));
  const picks = choosing<number>(Object.is, soon, (...two) => {
    const [first, second] = two.map(itemOf);
    if (first && second) both.open(first, second);
  });

  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const place = Number((target as HTMLElement).dataset.place);
        if (isIntersecting) seen.add(place);
        else seen.delete(place);
      }
      soon();
    },
    { rootMargin: "200px" },
  );
  signal.addEventListener("abort", () => watcher.disconnect());
  const turn = (at: number) => {
    page = pages[at];
    if (!page) return;
    watcher.disconnect();
    seen = new Set();
    shown = table(page, link.get("names"), { open, pick: picks.choose, star });
    for (const [place, { element }] of shown.cells) {
      element.dataset.place = String(place);
      watcher.observe(element);
    }
    scroller.replaceChildren(shown.element);
    scroller.scrollTo(0, 0);
    draw();
  };
  const scroller = el("div", { class: "rqe-sheet-of-cells" });
  const turning = tabs(
    view,
    pages.map(({ label }) => label),
    turn,
  );
  turning.panel.append(scroller);
  /** Brings a cell to the screen, by its tab. */
  const reveal = (place: number) => {
    const at = pages.findIndex(({ places }) => places.some((row) => row.includes(place)));
    if (pages[at] !== page) turning.pick(at);
    shown?.focus(place);
  };

  turn(0);
  link.follow("cells", soon);
  const ticking = setInterval(soon, 1000);
  signal.addEventListener("abort", () => clearInterval(ticking));
  return div(
    "gallery rqe-sweep",
    header(link),
    picks.element,
    trouble,
    turning.element,
    turning.panel,
    single.element,
    both.element,
  );
}

/** What a cell is called. */
function nameOf(pages: Page[], place: number): string {
  for (const { label, rows, columns, places } of pages)
    for (const [down, row] of places.entries()) {
      const across = row.indexOf(place);
      if (across >= 0) return called(rows[down] ?? "", columns[across] ?? "", label);
    }
  return "";
}
