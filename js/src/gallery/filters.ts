/** What is looked for: words, what edits have in common, dates, and the order they are shown in. */

import { el } from "../dom";
import { div, labelled } from "../pieces";
import {
  type Counts,
  choices,
  EVERYTHING,
  FACET_NAMES,
  type Facet,
  narrows,
  type Query,
  RARE,
  SORTS,
  type Sort,
} from "./query";

export interface Filters {
  readonly element: HTMLElement;
  query(): Query;
  /** Offers what is there, with numbers; not what all edits have in common. */
  offer(counts: Counts, all: Counts): void;
  focus(): void;
}

const LABELS: Record<Facet, [string, string]> = {
  model: ["Model", "All models"],
  size: ["Size", "All sizes"],
  quality: ["Quality", "All qualities"],
  tag: ["Tag", "All tags"],
  star: ["Star", "With or without"],
  state: ["Outcome", "All outcomes"],
};
const SAID: Partial<Record<Facet, Record<string, string>>> = {
  state: { ok: "made", failed: "failed", unknown: "unknown" },
  star: { starred: "★ starred" },
};

/** A value as it is offered. */
const named = (facet: Facet, value: string): string => SAID[facet]?.[value] ?? value;

export function filters(view: string, start: Query, changed: () => void): Filters {
  let query = { ...start };
  const set = (name: keyof Query, value: string) => {
    query = { ...query, [name]: value as Sort };
    changed();
  };
  const search = el("input", {
    type: "search",
    placeholder: "Search prompts, models, tags and sources",
    autocomplete: "off",
    spellcheck: "false",
    "aria-keyshortcuts": "/",
    oninput: () => set("text", search.value),
  });
  const field = (name: keyof Query, label: string, control: HTMLElement) =>
    labelled(view, name, label, control);
  const sort = el(
    "select",
    { onchange: () => set("sort", sort.value) },
    ...Object.entries(SORTS).map(([value, label]) => el("option", { value }, label)),
  );
  const selects = FACET_NAMES.map((name) => {
    const select = el("select", { onchange: () => set(name, select.value) });
    return { name, select, element: field(name, LABELS[name][0], select), offered: "" };
  });
  const date = (name: "from" | "to", label: string) => {
    const input = el("input", { type: "date", onchange: () => set(name, input.value) });
    return { input, element: field(name, label, input) };
  };
  const [from, to] = [date("from", "From"), date("to", "To")];
  const clear = el("button", { class: "rqe-clear outlined", onclick: () => restart() }, "Clear all");
  const show = () => {
    search.value = query.text;
    sort.value = query.sort;
    from.input.value = query.from;
    to.input.value = query.to;
    for (const { name, select } of selects) select.value = query[name];
  };
  const restart = () => {
    query = { ...EVERYTHING, sort: query.sort };
    show();
    search.focus(); // the button goes
    changed();
  };
  show();
  const element = el(
    "search",
    { class: "rqe-filters" },
    div("facets", field("text", "Search", search), field("sort", "Order", sort)),
    div("facets", ...selects.map((each) => each.element), from.element, to.element, clear),
  );
  return {
    element,
    query: () => query,
    offer(counts, all) {
      clear.hidden = !narrows(query);
      for (const each of selects) {
        const { name, select } = each;
        const values = choices(counts[name], query[name]);
        each.element.hidden = all[name].size < (RARE.includes(name) ? 1 : 2) && !query[name];
        const offered = JSON.stringify(values);
        if (offered === each.offered) continue;
        each.offered = offered;
        select.replaceChildren(
          el("option", { value: "" }, LABELS[name][1]),
          ...values.map(([value, many]) => el("option", { value }, `${named(name, value)} (${many})`)),
        );
        select.value = query[name];
      }
    },
    focus() {
      search.focus();
      search.select();
    },
  };
}
