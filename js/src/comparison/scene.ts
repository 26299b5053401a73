/** The pictures as a way to look has them, and the words under them. */

import { el } from "../dom";
import { div } from "../pieces";
import { lowered } from "../slider";
import { differing } from "./differing";
import type { Mode } from "./keys";
import { FIT, type Place, shape } from "./place";
import { type Drawing, drawing, pane, type Side, sight } from "./sights";
import { caption, type Mark } from "./words";

/** What is shown: how, and which two. */
export interface Shown {
  mode: Mode;
  left: number;
  right: number;
}

export interface Scene {
  readonly ratio: number; // of a pane: width by height
  readonly stage: HTMLElement;
  readonly captions: HTMLElement;
  readonly divider: HTMLElement;
  draw(shown: Shown): void;
  place(place: Place): void;
  /** Puts the divider somewhere, in hundredths of the pane. */
  pull(at: number): void;
  /** While two are shown by turns: whether the one at the right is. */
  look(right: boolean): void;
  mark(marks: Mark[]): void;
}

export interface Supply {
  sides: Side[];
  /** Fetches a picture, once; what it is shown by is in place then. */
  fetch(at: number): Promise<string>;
  say(text: string): void;
}

function dividing(): HTMLElement {
  const range = { "aria-valuemin": 0, "aria-valuemax": 100 };
  return el("div", { class: "rqe-divider", role: "slider", tabindex: 0, ...range });
}

export function scene({ sides, fetch, say }: Supply): Scene {
  const ratio = shape(sides.map(({ size }) => size));
  const sights = sides.map((side) => sight(side, ratio));
  const divider = dividing();
  const label = "Pictures compared; ? lists the keys";
  const stage = el("div", { class: "rqe-sights", tabindex: 0, role: "application", "aria-label": label });
  const captions = div("captions");
  let now: Shown = { mode: "slider", left: 0, right: 1 };
  let [at, onRight, place] = [50, true, FIT];
  let marks: Mark[] = [];
  let drawn: Drawing | undefined;

  const one = <T>(of: T[], which: number) => of[which] as T;
  const both = () => [one(sights, now.left), one(sights, now.right)] as const;
  const words = (which: number) =>
    caption(one(sides, which), marks[which] ?? {}, sides.length > 2 ? which + 1 : 0);
  const wanted = () => (now.mode === "all" ? sides.map((_, which) => which) : [now.left, now.right]);
  const paned = () => now.mode === "beside" || now.mode === "all";

  const arrange = () => {
    for (const each of sights) each.place(place);
    drawn?.place(place);
  };
  const pull = (to: number) => {
    at = to;
    divider.style.left = `${at}%`;
    divider.setAttribute("aria-valuenow", at.toFixed());
    divider.setAttribute("aria-valuetext", `${at.toFixed()} %`);
    const [left, right] = both();
    left.element.style.clipPath = `inset(0 ${100 - at}% 0 0)`;
    right.element.style.clipPath = `inset(0 0 0 ${at}%)`;
  };
  const look = (right: boolean) => {
    onRight = right;
    for (const [which, each] of both().entries()) {
      const away = (which === 1) !== right;
      each.element.style.visibility = away ? "hidden" : "";
      captions.children[which]?.toggleAttribute("data-away", away);
    }
  };
  const differ = async () => {
    const [left, right] = [one(sides, now.left), one(sides, now.right)];
    const canvas = el("canvas", {
      role: "img",
      "aria-label": `Difference of ${left.label} and ${right.label}`,
    });
    drawn = drawing(canvas, right.outline ? right : left, ratio);
    const mine = drawn;
    stage.replaceChildren(pane(ratio, drawn.element));
    try {
      await Promise.all([fetch(now.left), fetch(now.right)]);
      const [first, second] = both();
      const told = await differing(canvas, [first.image, second.image], [left.size, right.size], ratio);
      if (mine === drawn) say(told);
    } catch (error) {
      if (mine === drawn) say(`The difference cannot be drawn: ${(error as Error).message}`);
    }
  };
  const figure = (which: number) => el("figure", {}, pane(ratio, one(sights, which).element), words(which));
  const put = () => {
    const [left, right] = both();
    if (paned()) stage.replaceChildren(...wanted().map(figure));
    else if (now.mode === "difference") void differ();
    else
      stage.replaceChildren(
        pane(ratio, left.element, right.element, ...(now.mode === "slider" ? [divider] : [])),
      );
    captions.replaceChildren(...(paned() ? [] : wanted().map(words)));
    if (now.mode === "slider") pull(at);
    if (now.mode === "blink") look(onRight);
  };
  return {
    ratio,
    stage,
    captions,
    divider,
    pull,
    look,
    place(to) {
      place = to;
      arrange();
    },
    draw(shown) {
      const focused = stage.contains(document.activeElement);
      now = shown;
      onRight = true;
      drawn = undefined;
      say("");
      for (const { element } of sights) Object.assign(element.style, { clipPath: "", visibility: "" });
      Object.assign(stage.dataset, { mode: now.mode, count: wanted().length });
      const [left, right] = [one(sides, now.left).label, one(sides, now.right).label];
      const sided = `Divider: ${lowered(left)} at its left, ${lowered(right)} at its right`;
      divider.setAttribute("aria-label", sided);
      put();
      arrange();
      for (const which of wanted())
        fetch(which)
          .then((url) => one(sights, which).show(url))
          .catch((error: Error) => say(error.message));
      if (focused && !stage.contains(document.activeElement)) stage.focus({ preventScroll: true });
    },
    mark(next) {
      marks = next;
      const told = [...(paned() ? stage : captions).querySelectorAll(".rqe-caption")];
      for (const [index, which] of wanted().entries()) told[index]?.replaceWith(words(which));
      if (now.mode === "blink") look(onRight);
    },
  };
}
