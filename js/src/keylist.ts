/** A panel that lists keys and what they do. */

import "./keylist.css";
import { el } from "./dom";

export type Line = [keys: string[], does: string];

export interface KeyList {
  readonly element: HTMLDialogElement;
  /** Opens it with these lines. */
  open(lines: Line[]): void;
}

/** `focused` is what has the focus while they count: "the image". */
export function keyList(about: string, focused: string, kind = ""): KeyList {
  const element = el("dialog", { class: `rqe-keys ${kind}`.trim(), "aria-label": `Keys of ${about}` });
  const row = ([keys, does]: Line) =>
    el("div", {}, el("dt", {}, ...keys.map((key) => el("kbd", {}, key))), el("dd", {}, does));
  const close = el("button", { class: "outlined", onclick: () => element.close() }, "Close");
  return {
    element,
    open(lines) {
      const title = el("h2", {}, `Keys, while ${focused} has the focus`);
      element.replaceChildren(title, el("dl", {}, ...lines.map(row)), close);
      element.showModal();
    },
  };
}
