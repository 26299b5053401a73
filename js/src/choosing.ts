/** Which two are picked, to be compared. */

import { el, enable } from "./dom";
import { button, div } from "./pieces";

export interface Choosing<I> {
  /** A line that says how many are picked, there while any is. */
  readonly element: HTMLElement;
  picked(): I[];
  /** Picks one, or takes it back; of three the first goes. Without one, takes all back. */
  choose(one: I | undefined, now: boolean): void;
  focus(): void;
}

/** `changed` is called with each choice, `compare` with both when that is wanted. */
export function choosing<I>(
  same: (one: I, other: I) => boolean,
  changed: (picked: I[]) => void,
  compare: (first: I, second: I) => void,
): Choosing<I> {
  let picked: I[] = [];
  const comparing = () => {
    const [first, second] = picked;
    if (first !== undefined && second !== undefined) compare(first, second);
  };
  const choose = (one: I | undefined, now: boolean) => {
    const rest = one === undefined ? [] : picked.filter((other) => !same(one, other));
    picked = one !== undefined && now ? [...rest.slice(-1), one] : rest;
    element.hidden = !picked.length;
    status.textContent = picked.length === 1 ? "One picked: pick another to compare" : "Two picked";
    enable(both, picked.length === 2);
    changed(picked);
  };
  const both = el("button", { class: "primary", onclick: comparing }, "Compare");
  const status = el("span", { role: "status" });
  const none = button("Unpick", () => choose(undefined, false));
  const element = div("row rqe-chosen", status, both, none);
  element.hidden = true;
  return { element, picked: () => picked, choose, focus: () => both.focus() };
}
