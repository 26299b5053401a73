/** One cell: its picture, what it is doing, or why there is none. */

import { el } from "../dom";
import type { Ready } from "../gallery/thumbs";
import { div, say } from "../pieces";
import { type Failed, isDone, type State } from "./wired";
import { doing } from "./words";

export interface Cell {
  readonly element: HTMLElement;
  readonly opener: HTMLButtonElement;
  readonly place: number;
  /** Shows what came of it, or what it is doing since so many milliseconds. */
  show(state: State, ready: Ready | undefined, since: number): void;
  pick(picked: boolean): void;
  /** Whether Tab stops at it. */
  stop(here: boolean): void;
}

/** What stands below a picture. */
function below(state: State): string {
  if (!isDone(state)) return "";
  const count = state.count ? `${state.count} pictures` : "";
  return [state.star ? "★" : "", state.recorded ? "recorded" : "", state.cost ?? "", count]
    .filter(Boolean)
    .join(" · ");
}

export function cell(place: number, name: string, open: () => void, pick: (picked: boolean) => void): Cell {
  const image = el("img", { alt: "", draggable: "false", decoding: "async", hidden: true });
  const words = el("span", { class: "rqe-words" });
  const kind = el("strong", { hidden: true });
  const opener = el(
    "button",
    { class: "rqe-open", onclick: open },
    el("span", { class: "rqe-place" }, image, el("span", { class: "rqe-said-here" }, kind, words)),
  );
  const box = el("input", {
    type: "checkbox",
    "aria-label": `Pick to compare: ${name}`,
    title: "Pick to compare (c)",
    onchange: () => pick(box.checked),
  });
  const picking = el("label", { class: "rqe-pick", hidden: true }, box);
  const about = el("span", { class: "rqe-about-cell rqe-quiet" });
  const element = div("cell", opener, picking, about);
  let told = "";
  const fail = ({ kind: what, text }: Failed) => {
    say(kind, what);
    say(words, text);
  };
  return {
    element,
    opener,
    place,
    show(state, ready, since) {
      const now = JSON.stringify([
        state,
        ready,
        typeof state === "string" && state ? Math.floor(since / 1000) : 0,
      ]);
      if (now === told) return;
      told = now;
      const done = isDone(state);
      const over = typeof state !== "string";
      element.dataset.state = done ? "done" : over ? "failed" : state ? "working" : "waiting";
      opener.setAttribute("aria-disabled", String(!over));
      picking.hidden = !done;
      about.textContent = below(state);
      if (ready?.url && image.src !== ready.url) image.src = ready.url;
      image.hidden = !done || !ready?.url;
      say(kind, "");
      if (done) say(words, ready?.trouble ?? "");
      else if (over) fail(state);
      else say(words, state ? doing(state, since) : "");
      const said = done
        ? below(state).replace("★", "starred")
        : over
          ? `${state.kind}: ${state.text}`
          : state || "not begun";
      opener.setAttribute("aria-label", [name, said].filter(Boolean).join(", "));
      opener.title = over && !done ? `${state.kind}: ${state.text}` : name;
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
