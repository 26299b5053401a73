/** Where a gallery has its edits from: a kernel, or the page itself. */

import type { Pictures } from "../compare";
import type { Item, Mark } from "./rows";

/** A thumbnail, or words that say why there is none. */
export type Thumb = DataView | string;

export interface Opened {
  headline: string; // model, take, cost
  facts: [string, string][];
  pictures: Pictures | null; // null if the edit has none, or it cannot be shown
  trouble: string; // then why
}

/** Gives a star or a tag, or takes it away: each is kept once it is fulfilled. */
export interface Keeping {
  star(row: Item, on: boolean): Promise<void>;
  tag(row: Item, word: string, on: boolean): Promise<void>;
}

/** What goes wrong is an Error whose message is for people. */
export interface Supply {
  /** How many edits there are, and the newest of them. */
  total(): number;
  first(): Item[];
  /** Those after so many, newest first. */
  more(from: number): Promise<Item[]>;
  /** Thumbnails of pictures by their sha256, in that order. */
  thumbs(wanted: string[]): Promise<Thumb[]>;
  open(row: Item, i: number): Promise<Opened>;
  cell(row: Item): Promise<string>;
  /** A cell that goes on from this one. */
  further?(row: Item): Promise<string>;
  /** What keeps stars and tags; absent where nothing can be kept. */
  keeping?: Keeping;
  /** What was noted since the edits came, by id; calls `then` when there is more. */
  marks?(): Readonly<Record<string, Mark>>;
  onMarks?(then: () => void): void;
  /** How many edits have come since. */
  newer?(): Promise<number>;
  /** Takes them in: then `changed` is heard. */
  refresh?(): void;
  /** Calls `then` when there are others now. */
  onChange?(then: () => void): void;
}
