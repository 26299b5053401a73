/** What is said of the pictures: captions, and the keys. */

import { el } from "../dom";
import { LISTED } from "./keys";
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

/** The panel that lists all keys; some are there only where more than two are compared. */
export function keys(many: boolean, more: [string[], string][]): HTMLDialogElement {
  const dialog = el("dialog", { class: "rqe-keys", "aria-label": "Keys of the comparison" });
  const rows = [...LISTED, ...more].filter(([[key = ""]]) => many || !/^[a1]$/.test(key));
  const row = ([keys, does]: [string[], string]) =>
    el("div", {}, el("dt", {}, ...keys.map((key) => el("kbd", {}, key))), el("dd", {}, does));
  dialog.append(
    el("h2", {}, "Keys, while the comparison has the focus"),
    el("dl", {}, ...rows.map(row)),
    el("button", { class: "outlined", onclick: () => dialog.close() }, "Close"),
  );
  return dialog;
}
