/** The strip of results, newest first, and the viewer of the one that is picked. */

import { el, urls } from "./dom";
import type { Link, ResultCard } from "./model";
import { div, on, place } from "./pieces";
import { viewer } from "./viewer";

/** Which edit is open once the list has changed: a new one if none was open, or the one that was newest. */
export function opens(before: string[], after: string[], open: string | undefined): string | undefined {
  const newest = after[0];
  const isNew = newest !== undefined && !before.includes(newest);
  if (isNew && (open === undefined || open === before[0])) return newest;
  return open !== undefined && after.includes(open) ? open : undefined;
}

/** Where the focus goes in a row of `total` by a key. */
export function step(at: number, total: number, key: string): number | undefined {
  const to: Record<string, number> = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: total - 1 };
  const next = to[key];
  return next === undefined ? undefined : Math.min(total - 1, Math.max(0, next));
}

interface Group {
  card: ResultCard; // the latest: what is known of an edit may grow
  element: HTMLElement;
  buttons: HTMLButtonElement[];
  sources: string[];
}

function group(
  card: ResultCard,
  url: (bytes: DataView, mime: string) => string,
  pick: (i: number) => void,
): Group {
  const { prompt, headline } = card;
  const sources = card.thumbs.map((bytes) => url(bytes, "image/webp"));
  const buttons = sources.map((src, i) => {
    const label = sources.length > 1 ? `Picture ${i + 1} of ${sources.length}: ${prompt}` : prompt;
    const image = el("img", { src, alt: "", draggable: "false" });
    image.style.aspectRatio = (card.sizes[i] ?? []).join(" / ");
    return el("button", { "aria-label": label, onclick: () => pick(i) }, image);
  });
  const element = el(
    "li",
    {},
    div("thumbs", ...buttons),
    el("div", { class: "rqe-line", title: prompt }, prompt),
    el("div", { class: "rqe-line rqe-quiet", title: headline }, headline),
  );
  return { card, element, buttons, sources };
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
  let current: HTMLButtonElement | undefined; // of the picture that is open
  let stop: HTMLButtonElement | undefined; // the one thumb that Tab stops at

  const buttons = () => link.get("results").flatMap(({ id }) => groups.get(id)?.buttons ?? []);
  const mark = () => {
    const all = buttons();
    if (!stop || !all.includes(stop)) stop = current ?? all[0];
    for (const button of all) {
      button.setAttribute("aria-pressed", String(button === current));
      button.tabIndex = button === stop ? 0 : -1;
    }
  };
  const close = () => {
    open = current = undefined;
    view.close();
  };
  const pick = (id: string, i: number) => {
    const picked = groups.get(id);
    stop = picked?.buttons[i];
    if (!picked || stop === current) close();
    else {
      open = id;
      current = stop;
      view.open(picked.card, i);
    }
    mark();
  };
  on(strip, "keydown", (event) => {
    const all = buttons();
    const to = step(all.indexOf(event.target as HTMLButtonElement), all.length, event.key);
    if (to === undefined) return;
    event.preventDefault();
    stop = all[to];
    mark();
    stop?.focus();
  });
  link.follow("results", () => {
    const cards = link.get("results");
    const after = cards.map(({ id }) => id);
    for (const [id, { sources }] of groups) {
      if (after.includes(id)) continue;
      for (const src of sources) URL.revokeObjectURL(src);
      groups.delete(id);
    }
    const items = cards.map((card) => {
      const known = groups.get(card.id) ?? group(card, url, (i) => pick(card.id, i));
      known.card = card;
      groups.set(card.id, known);
      return known.element;
    });
    place(strip, items);
    section.hidden = !cards.length;
    const next = before && opens(before, after, open); // at first none is new
    before = after;
    if (next === undefined) {
      if (open !== undefined) close();
    } else if (next !== open) {
      pick(next, 0);
      strip.scrollLeft = 0;
    }
    mark();
  });
  return section;
}
