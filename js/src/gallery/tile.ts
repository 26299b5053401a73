/** One edit in the grid: its picture, its prompt, and what made it. */

import { el } from "../dom";
import { brief, type Item, lined } from "./rows";
import type { Ready } from "./thumbs";

export interface Tile {
  readonly element: HTMLElement;
  readonly opener: HTMLButtonElement;
  readonly row: Item;
  /** Puts it at its place, the so-manieth of so many. */
  place(at: number, count: number, [left, top]: [number, number], width: number): void;
  show(ready: Ready | undefined): void;
  pick(picked: boolean): void;
  /** Whether Tab stops at it. */
  stop(here: boolean): void;
}

const DAY = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const LONG_AGO = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric" });
const THIS_YEAR = new Date().getFullYear();

/** What is told under a prompt. */
export function about(row: Item): string {
  const when = new Date(row.at).getFullYear() === THIS_YEAR ? DAY : LONG_AGO;
  const parts = [when.format(row.at), brief(row.model), row.quality === "auto" ? "" : row.quality];
  return parts.filter(Boolean).join(" · ");
}

/** What an attempt without a picture is called. */
const NO_PICTURE = { ok: "No picture", failed: "Failed", unknown: "Outcome unknown" };

export function tile(row: Item, open: () => void, pick: (picked: boolean) => void): Tile {
  const prompt = lined(row.prompt);
  const image = el("img", { alt: "", draggable: "false", decoding: "async", hidden: true });
  const words = el("span", { class: "rqe-words", hidden: true });
  const many =
    row.pictures.length > 1 ? [el("span", { class: "rqe-many" }, `${row.pictures.length} pictures`)] : [];
  const opener = el(
    "button",
    { class: "rqe-open", title: prompt.slice(0, 400), onclick: open },
    el("span", { class: "rqe-place" }, image, words, ...many),
    el("span", { class: "rqe-prompt" }, prompt),
    el("span", { class: "rqe-line rqe-quiet" }, about(row)),
  );
  const label = `Pick to compare: ${prompt.slice(0, 80)}`;
  const box = el("input", { type: "checkbox", "aria-label": label, onchange: () => pick(box.checked) });
  const element = el("li", { class: "rqe-tile" }, opener);
  if (row.pictures.length) element.append(el("label", { class: "rqe-pick" }, box));
  let where = "";
  const say = (text: string) => {
    words.textContent = text;
    words.hidden = !text;
  };
  if (!row.pictures.length)
    say(`${NO_PICTURE[row.state]}${row.trouble ? `: ${row.trouble.slice(0, 200)}` : ""}`);
  return {
    element,
    opener,
    row,
    place(at, count, [left, top], width) {
      const now = [at, count, left, top, width].join();
      if (now === where) return;
      where = now;
      element.style.transform = `translate(${left}px, ${top}px)`;
      element.style.width = `${width}px`;
      element.setAttribute("aria-posinset", String(at + 1));
      element.setAttribute("aria-setsize", String(count));
    },
    show(ready) {
      if (!ready) return;
      if (ready.url && image.src !== ready.url) image.src = ready.url;
      image.hidden = !ready.url;
      say(ready.trouble);
    },
    pick(picked) {
      box.checked = picked;
      element.toggleAttribute("data-picked", picked);
    },
    stop(here) {
      opener.tabIndex = box.tabIndex = here ? 0 : -1;
    },
  };
}
