/** What is said of the pictures. */

import { el } from "../dom";
import type { Side } from "./sights";

/** What was picked of one picture. */
export interface Mark {
  star?: boolean;
  tags?: string[];
}

/** A picture's name, its size, and what was picked of it; its number, if it has one. */
export function caption({ label, size }: Side, { star, tags = [] }: Mark, number: number): HTMLElement {
  return el(
    "figcaption",
    { class: "rqe-caption" },
    ...(number ? [el("span", { class: "rqe-number" }, String(number))] : []),
    el("span", { class: "rqe-label" }, label),
    ...(star ? [el("span", { class: "rqe-star", role: "img", "aria-label": "starred" }, "★")] : []),
    ...tags.map((tag) => el("span", { class: "rqe-its-tag" }, tag)),
    el("span", { class: "rqe-quiet" }, size.join(" × ")),
  );
}
