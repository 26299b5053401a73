/** One result beside its source, what is known of it, and what can be done with it. */

import { compare } from "./compare";
import { copying } from "./copying";
import { el } from "./dom";
import type { Link, Outgoing, ResultCard } from "./model";
import { RERUN } from "./offers";
import { button, div } from "./pieces";

export interface Viewer {
  element: HTMLElement;
  /** Shows one picture of an edit; `told` is whether the whole prompt is on the screen already. */
  open(card: ResultCard, i: number, told: boolean): void;
  close(): void;
}

export function viewer(link: Link): Viewer {
  const sides = compare(link);
  const cell = copying(link.view);
  const prompt = el("p");
  const headline = el("h3");
  const facts = el("dl");
  const status = el("p", { class: "rqe-quiet", role: "status" });
  const keep = el("input", { type: "checkbox" });
  let card: ResultCard | undefined;
  let i = 0;
  let due = false; // its large pictures: they come again for other views, and each time it is opened
  const answers = new Map<number, (problem?: string) => void>(); // by the number of the message
  let wanted: string | undefined; // the edit whose cell was asked for here, not in another view

  const tell = (message: Outgoing, then: (problem?: string) => void) => {
    const number = link.send(message);
    if (number) answers.set(number, then);
    else then(RERUN);
  };
  const send = (done: string, make: (id: string) => Outgoing) => {
    if (!card) return;
    status.textContent = "";
    tell(make(card.id), (problem) => {
      const text = problem ?? done;
      if (text) status.textContent = text;
    });
  };
  const action = (label: string, done: string, make: (id: string) => Outgoing) =>
    button(label, () => send(done, make));
  const remask = action("Draw its mask again", "Its mask is drawn.", (id) => ({ k: "remask", id }));
  const use = action("Use as source", "It is the source now.", (id) => {
    return { k: "use", id, i, raw: sides.raw(), keep: keep.checked };
  });
  const copy = action("Copy as cell", "", (id) => {
    wanted = id;
    return { k: "cell", id, i };
  });
  const save = action("Save", "", (id) => ({ k: "save", id, i, raw: sides.raw() }));
  const kept = el("label", { class: "rqe-row" }, keep, "keep the mask");
  const actions = div("row", use, kept, remask, copy, save);
  const about = div("about rqe-col", headline, prompt, facts, actions, cell.element, status);
  const element = div("viewer", sides.element, about);

  link.hear("ack", ({ s, problem }) => {
    const then = answers.get(s);
    answers.delete(s);
    then?.(problem);
  });
  link.hear("shown", ({ id, i: which, size, received }, bytes) => {
    if (!due || id !== card?.id || which !== i) return;
    due = false;
    sides.show({ prompt: card.prompt, masked: card.masked, leak: card.leak, size, received, bytes });
  });
  link.hear("cell", ({ id, text }) => {
    if (id !== card?.id || id !== wanted) return;
    wanted = undefined;
    cell.copy(text).then((said) => {
      status.textContent = said;
    });
  });
  element.hidden = true;
  return {
    element,
    open(next, which, told) {
      card = next;
      i = which;
      due = true;
      headline.textContent = next.headline;
      prompt.textContent = next.prompt;
      prompt.hidden = told;
      facts.replaceChildren(
        ...next.facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]),
      );
      remask.hidden = !next.masked;
      cell.element.hidden = true;
      status.textContent = "";
      element.hidden = false;
      const wait = (text: string) => sides.wait(text, next.thumbs[which], next.sizes[which] ?? [1, 1]);
      wait("Opening…");
      tell({ k: "show", id: next.id, i }, (problem) => {
        if (problem && card === next && i === which) wait(problem);
      });
    },
    close() {
      card = undefined;
      element.hidden = true;
    },
  };
}
