/** Stars and tags for the picture at the right, where a kernel keeps them. */

import { el, enable, icon } from "../dom";
import type { Line } from "../keylist";
import { STAR, TAG } from "../signs";
import { tagging } from "../tagging";
import type { Picking } from "./comparison";
import type { Side } from "./sights";
import type { Mark } from "./words";

/** Keeps what is picked; each is known to be kept once it is fulfilled. */
export interface Keeping {
  star(at: number, on: boolean): Promise<unknown>;
  tag(at: number, word: string): Promise<unknown>;
}

const KEYS: Line[] = [
  [["*"], "Star the one at the right, or take its star away"],
  [["t"], "Tag the one at the right"],
];

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
  const form = tagging(view, back);
  const add = (word: string) => void keep(keeping.tag(right, word), `Tagged “${word}”.`);
  const known = () => new Set(marks().flatMap(({ tags = [] }) => tags));
  const star = () => {
    const now = marks()[right]?.star !== true;
    void keep(keeping.star(right, now), now ? `${label()} is starred.` : `${label()} has no star any more.`);
  };
  const pick = (what: string) => {
    if (!sides[right]?.edit) say(`${label()} is no edit: it has no place for stars and tags.`);
    else if (what === "star") star();
    else if (what === "tag") form.open(label(), known(), add);
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
