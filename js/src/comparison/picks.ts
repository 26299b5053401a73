/** Stars and tags for the picture at the right, where a kernel keeps them. */

import { el, enable, icon } from "../dom";
import { on } from "../pieces";
import type { Picking } from "./comparison";
import type { Side } from "./sights";
import type { Mark } from "./words";

/** Keeps what is picked; each is known to be kept once it is fulfilled. */
export interface Keeping {
  star(at: number, on: boolean): Promise<unknown>;
  tag(at: number, word: string): Promise<unknown>;
}

const STAR = "M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9L3.5 9.7l5.9-.8z";
const TAG = "M4 4h7l9 9-7 7-9-9zM8 8v.01";
const KEYS: [string[], string][] = [
  [["*"], "Star the one at the right, or take its star away"],
  [["t"], "Tag the one at the right"],
];

/** A line to type a tag in, there while it is asked for. */
function tagging(view: string, add: (word: string) => void, back: () => void) {
  const input = el("input", { type: "text", maxlength: 60, id: `rqe-${view}-tag`, spellcheck: "false" });
  const label = el("label", { for: input.id });
  const close = () => {
    element.hidden = true;
    back();
  };
  const element = el(
    "form",
    { class: "rqe-tagging", hidden: true },
    label,
    input,
    el("button", { type: "submit", class: "outlined" }, "Add"),
    el("button", { type: "button", onclick: close }, "Cancel"),
  );
  on(element, "submit", (event) => {
    event.preventDefault();
    const word = input.value.trim();
    if (!word) return input.focus();
    close();
    add(word);
  });
  on(element, "keydown", (event) => {
    if (event.key === "Escape") close();
  });
  const open = (name: string) => {
    label.textContent = `A tag for ${name}`;
    input.value = "";
    element.hidden = false;
    input.focus();
  };
  return { element, open };
}

export function picking(
  { sides, view, marks }: { sides: Side[]; view: string; marks(): Mark[] },
  keeping: Keeping,
  say: (text: string) => void,
  back: () => void,
): Picking {
  let right = 1;
  const keep = (what: Promise<unknown>, done: string) =>
    what.then(
      () => say(done),
      (error: Error) => say(error.message),
    );
  const label = () => sides[right]?.label ?? "";
  const form = tagging(view, (word) => void keep(keeping.tag(right, word), `Tagged “${word}”.`), back);
  const star = () => {
    const now = marks()[right]?.star !== true;
    void keep(keeping.star(right, now), now ? `${label()} is starred.` : `${label()} has no star any more.`);
  };
  const pick = (what: string) => {
    if (!sides[right]?.edit) say(`${label()} is no edit: it has no place for stars and tags.`);
    else if (what === "star") star();
    else if (what === "tag") form.open(label());
  };
  const tool = (name: string, key: string, path: string, what: string) =>
    el("button", { "aria-label": name, title: `${name} (${key})`, onclick: () => pick(what) }, icon(path));
  const [starry, tag] = [
    tool("Star the one at the right", "*", STAR, "star"),
    tool("Tag the one at the right", "t", TAG, "tag"),
  ];
  return {
    tools: [starry, tag],
    element: form.element,
    keys: KEYS,
    act: (what) => pick(what.do),
    show(now) {
      if (now !== right) form.element.hidden = true; // it was for another one
      right = now;
      for (const button of [starry, tag]) enable(button, sides[right]?.edit === true);
      starry.setAttribute("aria-pressed", String(marks()[right]?.star === true));
    },
  };
}
