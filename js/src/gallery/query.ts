/** Searching, filtering and sorting rows: pure. */

import { folded, type Item } from "./rows";

export const SORTS = {
  newest: "Newest first",
  oldest: "Oldest first",
  cost: "Dearest first",
  prompt: "By prompt",
};
export type Sort = keyof typeof SORTS;

/** What rows can be picked by, and the values that each has of it. */
export const FACETS = {
  model: ({ model }: Item) => [model],
  size: ({ size }: Item) => [size],
  quality: ({ quality }: Item) => [quality],
  tag: ({ tags }: Item) => tags,
  star: ({ starred }: Item) => (starred ? ["starred"] : []),
  state: ({ state }: Item) => [state],
} satisfies Record<string, (row: Item) => string[]>;
export type Facet = keyof typeof FACETS;
/** Facets that most edits have nothing of: any value at all is worth to be offered. */
export const RARE: readonly Facet[] = ["tag", "star"];
export const FACET_NAMES = Object.keys(FACETS) as Facet[];

/** What is looked for; an empty text is no wish. Dates are local, as `2026-11-25`, and the last one is included. */
export type Query = Record<Facet | "text" | "from" | "to", string> & { sort: Sort };

export const EVERYTHING: Query = {
  text: "",
  model: "",
  size: "",
  quality: "",
  tag: "",
  star: "",
  state: "",
  from: "",
  to: "",
  sort: "newest",
};

/** A query from whatever was kept of one. */
export function queried(kept: unknown): Query {
  const from = (kept ?? {}) as Record<string, unknown>;
  const query: Record<string, string> = { ...EVERYTHING };
  for (const name of Object.keys(EVERYTHING)) {
    const value = from[name];
    if (typeof value === "string") query[name] = value;
  }
  if (!Object.hasOwn(SORTS, query.sort as string)) query.sort = EVERYTHING.sort;
  return query as Query;
}

/** Whether anything is looked for at all. */
export const narrows = (query: Query): boolean =>
  Object.entries(query).some(([name, value]) => name !== "sort" && value.trim() !== "");

export type Counts = Record<Facet, Map<string, number>>;

export interface Found {
  items: Item[];
  /** Of each facet's values, how many there would be with everything else that is looked for. */
  counts: Counts;
}

export function found(all: readonly Item[], query: Query): Found {
  const words = folded(query.text).split(/\s+/).filter(Boolean);
  const [first, last] = span(query);
  const wanted = FACET_NAMES.map((name) => ({ name, value: query[name], of: FACETS[name] }));
  const counts = Object.fromEntries(FACET_NAMES.map((name) => [name, new Map()])) as Counts;
  const items: Item[] = [];
  for (const row of all) {
    if (row.at < first || row.at >= last || !words.every((word) => row.said.includes(word))) continue;
    const missed = wanted.filter(({ value, of }) => value && !of(row).includes(value));
    if (!missed.length) items.push(row);
    if (missed.length > 1) continue;
    for (const { name, of } of missed.length ? missed : wanted)
      for (const value of of(row)) counts[name].set(value, (counts[name].get(value) ?? 0) + 1);
  }
  return { items: sorted(items, query.sort), counts };
}

/** The first moment of a query's dates, and the first after them. */
function span({ from, to }: Query): [number, number] {
  const day = (text: string, more: number, otherwise: number) => {
    const [year, month, date] = text.split("-").map(Number);
    const moment = new Date(year ?? Number.NaN, (month ?? Number.NaN) - 1, (date ?? Number.NaN) + more);
    return Number.isNaN(moment.getTime()) ? otherwise : moment.getTime();
  };
  return [day(from, 0, Number.NEGATIVE_INFINITY), day(to, 1, Number.POSITIVE_INFINITY)];
}

/** Sorts rows that come newest first; equals stay so. */
function sorted(items: Item[], sort: Sort): Item[] {
  if (sort === "oldest") return items.reverse();
  if (sort === "cost") return items.sort((one, other) => other.dollars - one.dollars);
  if (sort === "prompt") {
    const { compare } = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });
    return items.sort((one, other) => compare(one.prompt, other.prompt));
  }
  return items;
}

/** A facet's values with their numbers, the most frequent first; the one that is chosen is always among them. */
export function choices(counts: Map<string, number>, chosen: string): [string, number][] {
  const all = new Map(counts);
  if (chosen && !all.has(chosen)) all.set(chosen, 0);
  return [...all].sort(([one, many], [other, more]) => more - many || (one < other ? -1 : 1));
}
