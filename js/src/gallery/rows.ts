/** What the gallery knows of an edit without opening it. The mirror of this file is `display/rows.py`. */

/** Empty values are left out on the way. */
export interface Row {
  id: string; // the edit's, in the history
  at: number; // when it was sent, milliseconds since 1970
  prompt: string;
  model: string;
  size: string;
  quality: string;
  take: number;
  state: "ok" | "failed" | "unknown";
  tags: string[];
  starred: boolean;
  names: string[]; // what the sources were called
  pictures: Picture[];
  cost: string; // in words
  dollars: number; // at most
  trouble: string; // of an attempt that gave no picture: what happened
}

/** The sha256 of a picture's bytes, its width and its height. */
export type Picture = [string, number, number];

/** A row, and what of it is searched. */
export interface Item extends Row {
  said: string;
}

const NOTHING: Row = {
  id: "",
  at: 0,
  prompt: "",
  model: "",
  size: "",
  quality: "",
  take: 1,
  state: "ok",
  tags: [],
  starred: false,
  names: [],
  pictures: [],
  cost: "",
  dollars: 0,
  trouble: "",
};

/** A text without case and accents: what is looked for and what it is looked for in are folded alike. */
export function folded(text: string): string {
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "");
  return plain.toUpperCase().toLowerCase().replaceAll("ς", "σ"); // upper case first: ß is ss, as STRASSE says
}

/** What was noted of an edit later, as of now: all its tags. */
export interface Mark {
  starred: boolean;
  tags: string[];
}

/** Puts down what was noted of an edit. */
export function mark(row: Item, { starred, tags }: Mark): void {
  Object.assign(row, item({ ...row, starred, tags }));
}

export function item(row: Partial<Row>): Item {
  const whole = { ...NOTHING, ...row };
  const { prompt, model, tags, names } = whole;
  return { ...whole, said: folded([prompt, model, ...tags, ...names].join("\n")) };
}

/** A model without its provider. */
export const brief = (model: string): string => model.replace(/^.*\//, "");

/** A prompt in one line. */
export const lined = (prompt: string): string => prompt.replace(/\s+/g, " ").trim() || "(no prompt)";

const NUMBER = new Intl.NumberFormat();

export const numbered = (count: number): string => NUMBER.format(count);
