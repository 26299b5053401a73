/** A line to type a tag in, there while it is asked for. */

import "./tagging.css";
import { el } from "./dom";
import { on } from "./pieces";

export interface Tagging {
  readonly element: HTMLElement;
  /** Asks for a tag, and offers those that are known. */
  open(name: string, known: Iterable<string>, add: (word: string) => void): void;
  close(): void;
}

const LONGEST = 100; // characters of a tag
const MOST = 200; // offered

/** Calls `back` when the line goes, for the focus. */
export function tagging(view: string, back: () => void): Tagging {
  const offers = el("datalist", { id: `rqe-${view}-known-tags` });
  const input = el("input", {
    type: "text",
    id: `rqe-${view}-new-tag`,
    maxlength: LONGEST,
    list: offers.id,
    autocomplete: "off",
    spellcheck: "false",
  });
  const label = el("label", { for: input.id });
  let give = (_: string) => {};
  const close = () => {
    if (element.hidden) return;
    element.hidden = true;
    back();
  };
  const element = el(
    "form",
    { class: "rqe-tagging", hidden: true },
    label,
    input,
    offers,
    el("button", { type: "submit", class: "outlined" }, "Add"),
    el("button", { type: "button", onclick: close }, "Cancel"),
  );
  on(element, "submit", (event) => {
    event.preventDefault();
    const word = input.value.trim();
    if (!word) return input.focus();
    close();
    give(word);
  });
  on(element, "keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault(); // what it stands in stays open
    event.stopPropagation();
    close();
  });
  return {
    element,
    open(name, known, add) {
      give = add;
      label.textContent = `A tag for ${name}`;
      offers.replaceChildren(...[...known].slice(0, MOST).map((value) => el("option", { value })));
      input.value = "";
      element.hidden = false;
      input.focus();
    },
    close,
  };
}
