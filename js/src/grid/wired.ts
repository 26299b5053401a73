/** Cells from the kernel: the whole contract between the grid in the browser and the one in Python. */

import type { AnyModel } from "@anywidget/types";
import { asking } from "../asking";
import type { Pictures } from "../compare";
import type { Item } from "../gallery/rows";
import type { Opened, Supply, Thumb } from "../gallery/supply";
import { type Answer, connected, type Linked } from "../link";
import type { Size } from "../slider";
import type { Head } from "./words";

/** How cells are laid out; `label` names the tab, and is empty where there is only one. */
export interface Page {
  label: string;
  rows: string[];
  columns: string[];
  places: number[][]; // of each row; they count the cells in the order asked
}

export interface Done {
  size: Size;
  count?: number; // of pictures, where there are several
  recorded?: boolean;
  cost?: string;
  star?: boolean;
}

export interface Failed {
  kind: string; // of the error
  text: string;
}

/** What came of a cell, or what it is doing; empty before its turn. */
export type State = string | Done | Failed;

export const isDone = (state: State | undefined): state is Done =>
  typeof state === "object" && "size" in state;

/** The synced traits, all set by Python alone. The mirror of this file is `widgets/grid.py`. */
export interface Traits {
  _key: string; // of this grid; what stands for it in the notebook's file hides where a view carries it
  names: [string, string]; // what is varied down the side and across the top; empty where nothing is
  pages: Page[];
  cells: State[];
  head: Head;
  shape: Size; // that the first picture is likely to have
  live: boolean; // whether it is of a sweep that could be, or could have been, cancelled
}

/** Messages to Python; `i` counts the cells from 0, `at` the pictures of one. */
export type Outgoing =
  | { k: "ready" }
  | { k: "cancel" }
  | { k: "thumbs"; of: number[] }
  | { k: "open"; i: number; at: number }
  | { k: "star"; i: number; on: boolean }
  | { k: "cell"; i: number }
  | { k: "further"; i: number };

/** Messages from Python. */
export type Incoming =
  | Answer
  // One trouble each; Buffers: WebP of those whose trouble is empty. Without `s` where nobody asked.
  | { k: "thumbs"; s?: number; of: number[]; troubles: string[] }
  // Buffers: as `Pictures` has them; none where there is trouble
  | ({ k: "opened"; s: number; trouble: string; headline: string; facts: [string, string][] } & About)
  | { k: "cell"; s: number; text: string };

interface About {
  masked: boolean;
  leak: string;
  size: Size;
  received: Size;
}

export type GridLink = Linked<Traits, Outgoing, Incoming>;

export const linked = (model: AnyModel<Traits>, signal: AbortSignal): GridLink => connected(model, signal);

/** Pairs troubles with the pictures of those that have none. */
function paired(troubles: string[], pictures: DataView[]): Thumb[] {
  const left = [...pictures];
  return troubles.map((trouble): Thumb => trouble || left.shift() || "It did not come.");
}

/** What opens and shows cells; an item's id is its place. */
export interface Cells extends Pick<Supply, "thumbs" | "open" | "cell" | "further"> {
  /** Gives a star, or takes it away; returns what went wrong. */
  star(place: number, on: boolean): Promise<string>;
  /** Calls `then` with pictures that came unasked. */
  onPushed(then: (place: string, thumb: Thumb) => void): void;
}

export function wired(link: GridLink): Cells {
  const ask = asking(link, ["thumbs", "opened", "cell"]);
  return {
    async thumbs(wanted) {
      const [{ troubles }, pictures] = await ask("thumbs", { k: "thumbs", of: wanted.map(Number) });
      return paired(troubles, pictures);
    },
    async open({ id, prompt }: Item, at) {
      const [told, bytes] = await ask("opened", { k: "open", i: Number(id), at });
      const { trouble, headline, facts, ...about } = told;
      const pictures: Pictures | null = bytes.length ? { prompt, bytes, ...about } : null;
      return { headline, facts, pictures, trouble } satisfies Opened;
    },
    async cell({ id }) {
      const [{ text }] = await ask("cell", { k: "cell", i: Number(id) });
      return text;
    },
    async further({ id }) {
      const [{ text }] = await ask("cell", { k: "further", i: Number(id) });
      return text;
    },
    async star(place, on) {
      const failed = await ask("ack", { k: "star", i: place, on }).catch((error: Error) => error);
      return failed instanceof Error ? failed.message : "";
    },
    onPushed(then) {
      link.hear("thumbs", ({ s, of, troubles }, pictures) => {
        if (s !== undefined) return;
        const ready = paired(troubles, pictures);
        for (const [at, place] of of.entries()) then(String(place), ready[at] ?? "It did not come.");
      });
    },
  };
}
