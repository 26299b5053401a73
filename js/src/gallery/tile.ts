/** One edit in the grid: its picture, its prompt, and what made it. */

import { el, icon } from "../dom";
import { STAR } from "../signs";
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
  /** Shows whether it is starred, and its tags. */
  mark(): void;
  /** Whether Tab stops at it. */
  stop(here: boolean): void;
}

const DAY = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const LONG_AGO = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric" });
const THIS_YEAR = new Date().getFullYear();

/** What is told under a prompt. */
export function about(row: Item): string {
  const when = new Date(row.at).getFullYear() === THIS_YEAR ? DAY : LONG_AGO;
  const quality = row.quality === "auto" ? "" : row.quality;
  const parts = [when.format(row.at), brief(row.model), quality];
  return parts.filter(Boolean).join(" · ");
}

/** What an attempt without a picture is called. */
const NO_PICTURE = { ok: "No picture", failed: "Failed", unknown: "Outcome unknown" };

export interface Acts {
  open(): void;
  pick(picked: boolean): void;
  /** Gives it a star, or takes it away; absent where none can be kept. */
  star?(): void;
}

export function tile(row: Item, { open, pick, star }: Acts): Tile {
  const prompt = lined(row.prompt);
  const image = el("img", { alt: "", draggable: "false", decoding: "async", hidden: true });
  const words = el("span", { class: "rqe-words", hidden: true });
  const many =
    row.pictures.length > 1 ? [el("span", { class: "rqe-many" }, `${row.pictures.length} pictures`)] : [];
  const tags = el("span", { class: "rqe-tagline" });
  const opener = el(
    "button",
    { class: "rqe-open", title: prompt.slice(0, 400), onclick: open },
    el("span", { class: "rqe-place" }, image, words, tags, ...many),
    el("span", { class: "rqe-prompt" }, prompt),
    el("span", { class: "rqe-line rqe-quiet" }, about(row)),
  );
  const label = `Pick to compare: ${prompt.slice(0, 80)}`;
  const box = el("input", { type: "checkbox", "aria-label": label, onchange: () => pick(box.checked) });
  const element = el("li", { class: "rqe-tile" }, opener);
  if (row.pictures.length) element.append(el("label", { class: "rqe-pick" }, box));
  const starry = stars(prompt, star);
  element.append(starry.element);
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
    mark() {
      const text = row.tags.join(", ");
      if (tags.textContent !== text) tags.textContent = text;
      tags.hidden = !text;
      starry.show(row.starred);
    },
    stop(here) {
      opener.tabIndex = box.tabIndex = starry.element.tabIndex = here ? 0 : -1;
    },
  };
}

/** The star of a tile: a button, or a sign where it cannot be given. */
function stars(prompt: string, star: Acts["star"]): { element: HTMLElement; show(on: boolean): void } {
  if (!star) {
    const sign = el("span", { class: "rqe-starry", role: "img", "aria-label": "starred" }, icon(STAR));
    return { element: sign, show: (on) => sign.toggleAttribute("hidden", !on) };
  }
  const label = `Star: ${prompt.slice(0, 80)}`;
  const button = el(
    "button",
    { class: "rqe-starry", "aria-label": label, title: "Star (*)", onclick: star },
    icon(STAR),
  );
  return { element: button, show: (on) => button.setAttribute("aria-pressed", String(on)) };
}
