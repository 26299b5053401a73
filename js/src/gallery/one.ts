/** One edit, opened: its picture beside its source, what is known of it, and its cell. */

import { compare } from "../compare";
import { type Copying, copying } from "../copying";
import { el, enable, icon } from "../dom";
import { button, commanding, div, on, say } from "../pieces";
import { CROSS, STAR, TAG } from "../signs";
import { tagging } from "../tagging";
import { marking } from "./marking";
import { type Item, lined, numbered } from "./rows";
import { sheet } from "./sheet";
import type { Supply } from "./supply";

export interface One {
  readonly element: HTMLElement;
  /** Opens one of these. */
  open(items: Item[], at: number): void;
  /** Shows what was noted of it meanwhile. */
  remark(): void;
}

/** Facts as a list of terms. */
export const listed = (facts: [string, string][]): HTMLElement[] =>
  facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);

const sources = ({ names }: Item): [string, string][] =>
  names.length ? [[names.length > 1 ? "Sources" : "Source", names.join(", ")]] : [];

export function one(
  supply: Pick<Supply, "open" | "cell" | "further" | "keeping">,
  view: string,
  signal: AbortSignal,
  closed: (row: Item) => void,
  known: () => Iterable<string> = () => [],
): One {
  const sides = compare({ view: `${view}-one`, signal }, { names: ["Source", "Result"], mode: "slider" });
  const cell = copying(`${view}-one`);
  const title = el("h2", { class: "rqe-title" });
  const headline = el("p", { class: "rqe-quiet" });
  const trouble = el("p", { class: "rqe-problem", role: "status" });
  const facts = el("dl");
  const status = el("p", { class: "rqe-quiet", role: "status" });
  const which = el("div", { class: "rqe-row", role: "group", "aria-label": "Pictures of this edit" });
  let items: Item[] = [];
  let at = 0;
  let asked = 0; // counts what was opened: an answer that comes late is of another

  const copier = (label: string, write: (row: Item) => Promise<string>, way: Copying["copy"]) =>
    button(label, async () => {
      const row = items[at];
      if (!row) return;
      status.textContent = "";
      const said = await write(row).then(way, (error: Error) => error.message);
      if (row === items[at]) status.textContent = said;
    });
  const copies = [copier("Copy as cell", supply.cell, cell.copy)];
  if (supply.further) copies.push(copier("Edit further", supply.further, cell.show));
  const form = tagging(`${view}-one`, () => tagIt.focus());
  const marks = marking(supply.keeping, form, known, (text) => {
    status.textContent = text;
  });
  const now = () => items[at];
  const act = (then: (row: Item) => void) => () => {
    const row = now();
    if (row) then(row);
  };
  const starIt = el(
    "button",
    { class: "outlined rqe-star-it", title: "Star (*)", onclick: act((row) => marks?.star(row)) },
    icon(STAR),
    "Star",
  );
  const tagIt = el(
    "button",
    { class: "outlined", title: "Tag (t)", onclick: act((row) => marks?.tag(row)) },
    icon(TAG),
    "Tag",
  );
  const tags = el("ul", { class: "rqe-tags", "aria-label": "Tags" });
  const tagged = (row: Item, word: string) => {
    const label = `Take the tag “${word}” away`;
    const away = () => marks?.untag(row, word);
    const cross = el("button", { "aria-label": label, title: label, onclick: away }, icon(CROSS));
    return el("li", { class: "rqe-tagged" }, word, ...(marks ? [cross] : []));
  };
  const remark = () => {
    const row = now();
    if (!row) return;
    starIt.setAttribute("aria-pressed", String(row.starred));
    starred.hidden = marks !== undefined || !row.starred;
    const held = tags.contains(document.activeElement);
    tags.replaceChildren(...row.tags.map((word) => tagged(row, word)));
    tags.hidden = !row.tags.length;
    if (held) tagIt.focus(); // the tag that had the focus is gone
  };
  const starred = el("p", { class: "rqe-starred" }, "★ starred");
  const step = (by: number) => {
    if (items[at + by]) show(at + by);
  };
  const previous = el("button", { class: "outlined", onclick: () => step(-1) }, "Previous");
  const next = el("button", { class: "outlined", onclick: () => step(1) }, "Next");
  const place = el("span", { class: "rqe-quiet", "aria-live": "polite" });
  const noting = marks ? [div("row", starIt, tagIt), form.element] : [starred];
  const copiers = div("row", ...copies);
  const about = div(
    "about rqe-col",
    ...[title, headline, ...noting, tags, facts, copiers, cell.element, status],
  );
  const shown = div("col", which, sides.element, trouble);
  const opened = sheet("Edit", [previous, next, place], [div("sheet-body", shown, about)], () => {
    asked += 1;
    const row = items[at];
    if (row) closed(row);
  });

  /** Looks at one picture of an edit. */
  const look = async (row: Item, i: number) => {
    asked += 1;
    const mine = asked;
    for (const [place, each] of [...which.children].entries())
      each.setAttribute("aria-pressed", String(place === i));
    const [, width = 4, height = 3] = row.pictures[i] ?? [];
    say(trouble, "");
    sides.element.hidden = !row.pictures.length;
    if (row.pictures.length) sides.wait("Opening…", undefined, [width, height]);
    try {
      const told = await supply.open(row, i);
      if (mine !== asked) return;
      headline.textContent = told.headline;
      const own = { Starred: marks || row.starred, Tags: marks || row.tags.length }; // shown as of now
      const others = told.facts.filter(([name]) => !own[name as keyof typeof own]);
      facts.replaceChildren(...listed([...sources(row), ...others]));
      say(trouble, told.trouble);
      sides.element.hidden = !told.pictures;
      if (told.pictures) sides.show(told.pictures);
    } catch (error) {
      if (mine !== asked) return;
      sides.element.hidden = true;
      say(trouble, (error as Error).message);
    }
  };
  const show = (to: number) => {
    const row = items[to];
    if (!row) return;
    at = to;
    title.textContent = row.prompt.trim() || lined("");
    headline.textContent = status.textContent = "";
    facts.replaceChildren();
    cell.element.hidden = true;
    form.close();
    remark();
    place.textContent = `${numbered(at + 1)} of ${numbered(items.length)}`;
    enable(previous, at > 0);
    enable(next, at + 1 < items.length);
    const numbers = row.pictures.map((_, i) => button(`Picture ${i + 1}`, () => void look(row, i)));
    which.replaceChildren(...numbers);
    which.hidden = numbers.length < 2;
    void look(row, 0);
  };
  on(opened.element, "keydown", (event) => {
    const target = event.target as HTMLElement;
    if (commanding(event) || target.matches("input, textarea")) return;
    if (marks?.key(event, now()) || target.matches("[role=slider]")) return;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    step(by);
  });
  return {
    element: opened.element,
    open(now, to) {
      items = now;
      show(to);
      opened.show();
    },
    remark,
  };
}
