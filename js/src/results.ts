/** The strip of results, newest first, and the viewer of the one that is picked. */

import { el, type Urls, urls } from "./dom";
import type { Link, ResultCard } from "./model";
import { commanding, div, on, place } from "./pieces";
import { viewer } from "./viewer";

/** Which edit is open once the list has changed: a new one if none was open, or the one that was newest. */
export function opens(before: string[], after: string[], open: string | undefined): string | undefined {
  const newest = after[0];
  const former = before[0] ?? "";
  // A replayed one may be on the list already, and comes to its front.
  const isNew = newest !== undefined && (!before.includes(newest) || after.indexOf(former) > 0);
  if (isNew && (open === undefined || open === before[0])) return newest;
  return open !== undefined && after.includes(open) ? open : undefined;
}

/** Where the focus goes in a row of `total` by a key. */
export function step(at: number, total: number, key: string): number | undefined {
  const to: Record<string, number> = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: total - 1 };
  const next = to[key];
  return next === undefined ? undefined : Math.min(total - 1, Math.max(0, next));
}

/** As much of a headline as fits under a thumb: the model, without its provider, and the take. */
export const brief = (headline: string): string =>
  headline
    .split(" · ", 2)
    .join(" · ")
    .replace(/^\S*\//, "");

interface Group {
  card: ResultCard;
  words: string; // all it says; an edit's pictures stay what they are
  readonly element: HTMLElement;
  readonly prompt: HTMLElement;
  buttons: HTMLButtonElement[];
  sources: string[];
}

/** Makes what a group shows of its card. */
function fill(group: Group, url: Urls, pick: (i: number) => void): void {
  const { prompt, headline, thumbs, sizes } = group.card;
  const held = group.buttons.findIndex((button) => button.matches(":focus"));
  for (const src of group.sources) url.release(src);
  group.sources = thumbs.map((bytes) => url(bytes, "image/webp"));
  group.buttons = group.sources.map((src, i) => {
    const label = thumbs.length > 1 ? `Picture ${i + 1} of ${thumbs.length}: ${prompt}` : prompt;
    const image = el("img", { src, alt: "", draggable: "false" });
    image.style.aspectRatio = (sizes[i] ?? []).join(" / ");
    return el("button", { "aria-label": label, onclick: () => pick(i) }, image);
  });
  group.prompt.textContent = group.prompt.title = prompt;
  const words = el("div", { class: "rqe-line rqe-quiet", title: headline }, brief(headline));
  group.element.replaceChildren(div("thumbs", ...group.buttons), group.prompt, words);
  group.buttons[held]?.focus();
}

export function results(link: Link): HTMLElement {
  const url = urls(link.signal);
  const strip = el("ul", { class: "rqe-strip", "aria-label": "Results, newest first" });
  const view = viewer(link);
  const section = el(
    "section",
    { class: "rqe-results rqe-col", "aria-label": "Results" },
    strip,
    view.element,
  );
  const groups = new Map<string, Group>();
  let before: string[] | undefined;
  let open: string | undefined;
  let which = 0; // of its pictures
  let stop: HTMLButtonElement | undefined; // the one thumb that Tab stops at

  const current = () => groups.get(open ?? "")?.buttons[which];
  const mark = () => {
    const all = (before ?? []).flatMap((id) => groups.get(id)?.buttons ?? []);
    if (!stop || !all.includes(stop)) stop = current() ?? all[0];
    for (const button of all) {
      button.setAttribute("aria-pressed", String(button === current()));
      button.tabIndex = button === stop ? 0 : -1;
    }
    return all;
  };
  const close = () => {
    open = undefined;
    view.close();
  };
  const show = ({ card, prompt }: Group, i: number) => {
    open = card.id;
    which = i;
    const legible = prompt.clientWidth > 0 && prompt.scrollWidth <= prompt.clientWidth;
    view.open(card, i, legible && !card.prompt.includes("\n"));
  };
  const pick = (id: string, i: number) => {
    const picked = groups.get(id);
    stop = picked?.buttons[i];
    if (!picked || stop === current()) close();
    else show(picked, i);
    mark();
  };
  on(strip, "keydown", (event) => {
    const all = mark();
    const to = step(all.indexOf(event.target as HTMLButtonElement), all.length, event.key);
    if (to === undefined || commanding(event)) return;
    event.preventDefault();
    stop = all[to];
    mark();
    stop?.focus();
  });
  const placed = (card: ResultCard): Group => {
    const words = JSON.stringify(card);
    const known = groups.get(card.id);
    if (known?.words === words) return known; // each change of the list brings all cards anew
    const [element, prompt] = [el("li"), el("div", { class: "rqe-line" })];
    const group = Object.assign(known ?? { element, prompt, buttons: [], sources: [] }, { card, words });
    groups.set(card.id, group);
    fill(group, url, (i) => pick(card.id, i));
    return group;
  };
  link.follow("results", () => {
    const cards = new Map<string, ResultCard>(); // the newest of each: a replayed edit comes again
    for (const card of link.get("results")) if (!cards.has(card.id)) cards.set(card.id, card);
    const after = [...cards.keys()];
    for (const [id, { sources }] of groups) {
      if (cards.has(id)) continue;
      for (const src of sources) url.release(src);
      groups.delete(id);
    }
    const shown = groups.get(open ?? "")?.card;
    const all = [...cards.values()].map(placed);
    place(
      strip,
      all.map(({ element }) => element),
    );
    section.hidden = !all.length;
    const next = before && opens(before, after, open); // at first none is new
    before = after;
    const group = groups.get(next ?? "");
    if (!group) {
      if (open !== undefined) close();
    } else if (next !== open) {
      show(group, 0);
      stop = current();
      strip.scrollLeft = 0;
    } else if (group.card !== shown) show(group, Math.min(which, group.buttons.length - 1));
    mark();
  });
  return section;
}
