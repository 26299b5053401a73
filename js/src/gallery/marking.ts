/** Stars and tags: given and taken away, where a kernel keeps them. */

import { commanding } from "../pieces";
import type { Tagging } from "../tagging";
import { type Item, lined } from "./rows";
import type { Keeping } from "./supply";

export interface Marking {
  star(row: Item): void;
  /** Asks for a tag and gives it. */
  tag(row: Item): void;
  untag(row: Item, word: string): void;
  /** Does what a key says with an edit; whether it is one of these keys. */
  key(event: KeyboardEvent, row: Item | undefined): boolean;
}

/** Says what was done, or what went wrong. */
type Say = (text: string, wrong: boolean) => void;

/** Undefined where nothing can be kept. */
export function marking(
  keeping: Keeping | undefined,
  form: Tagging,
  known: () => Iterable<string>,
  say: Say,
): Marking | undefined {
  if (!keeping) return undefined;
  const { star, tag } = keeping;
  const keep = (what: Promise<void>, done: string) =>
    what.then(
      () => say(done, false),
      (error: Error) => say(error.message, true),
    );
  const acts: Omit<Marking, "key"> = {
    star: (row) => void keep(star(row, !row.starred), row.starred ? "The star is gone." : "Starred."),
    tag: (row) =>
      form.open(`“${lined(row.prompt).slice(0, 60)}”`, known(), (word) => {
        void keep(tag(row, word, true), `Tagged “${word}”.`);
      }),
    untag: (row, word) => void keep(tag(row, word, false), `The tag “${word}” is gone.`),
  };
  return {
    ...acts,
    key(event, row) {
      if (!row || commanding(event) || event.repeat) return false;
      if (event.key === "*" || event.key === "s") acts.star(row);
      else if (event.key === "t") acts.tag(row);
      else return false;
      event.preventDefault(); // else the letter stands in the line
      return true;
    },
  };
}
