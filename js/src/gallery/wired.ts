/** Edits from the kernel: the whole contract between the gallery in the browser and the one in Python. */

import type { AnyModel } from "@anywidget/types";
import { asking } from "../asking";
import type { Pictures } from "../compare";
import { type Answer, connected, type Linked } from "../link";
import type { Size } from "../slider";
import { type Item, item, type Mark, type Row } from "./rows";
import type { Opened, Supply, Thumb } from "./supply";

/** The synced traits. Who sets them: P Python alone, B either side. The mirror of this file is `widgets/gallery.py`. */
export interface Traits {
  _key: string; // P: of this gallery; what stands for it in the notebook's file hides where a view carries it
  total: number; // P
  first: Partial<Row>[]; // P: the newest
  edition: number; // P: counts the times that edits were taken in
  _marks: Record<string, Mark>; // P: by id, where they are others than in the rows
  look: Record<string, string>; // B: what is looked for, as a `Query`
}

/** Messages to Python. `s` is given by `send`, stands in what answers it, and is acknowledged last. */
export type Outgoing =
  | { k: "ready" }
  | { k: "rows"; edition: number; from: number }
  | { k: "thumbs"; of: string[] }
  | { k: "open"; id: string; i: number }
  | { k: "cell"; id: string }
  | { k: "star"; id: string; on: boolean }
  | { k: "tag"; id: string; tag: string; on: boolean }
  | { k: "newer" }
  | { k: "refresh" };

/** Messages from Python. */
export type Incoming =
  | Answer
  | { k: "rows"; s: number } // Buffer: JSON, Partial<Row>[]
  | { k: "thumbs"; s: number; troubles: string[] } // one each; Buffers: WebP of those whose trouble is empty
  // Buffers: as `Pictures` has them; none where there is trouble
  | ({ k: "opened"; s: number; trouble: string; headline: string; facts: [string, string][] } & About)
  | { k: "cell"; s: number; text: string }
  | { k: "newer"; s: number; count: number };

interface About {
  masked: boolean;
  leak: string;
  size: Size;
  received: Size;
}

export type GalleryLink = Linked<Traits, Outgoing, Incoming>;

export const linked = (model: AnyModel<Traits>, signal: AbortSignal): GalleryLink => connected(model, signal);

export function wired(link: GalleryLink): Supply {
  const ask = asking(link, ["rows", "thumbs", "opened", "cell", "newer"]);
  return {
    total: () => link.get("total"),
    first: () => link.get("first").map(item),
    async more(from) {
      const [, [json]] = await ask("rows", { k: "rows", edition: link.get("edition"), from });
      return (JSON.parse(new TextDecoder().decode(json)) as Partial<Row>[]).map(item);
    },
    async thumbs(wanted) {
      const [{ troubles }, pictures] = await ask("thumbs", { k: "thumbs", of: wanted });
      const left = [...pictures];
      return troubles.map((trouble): Thumb => trouble || left.shift() || "It did not come.");
    },
    async open({ id, prompt }, i) {
      const [{ trouble, headline, facts, ...about }, bytes] = await ask("opened", { k: "open", id, i });
      const pictures: Pictures | null = bytes.length ? { prompt, bytes, ...about } : null;
      return { headline, facts, pictures, trouble } satisfies Opened;
    },
    async cell({ id }: Item) {
      const [{ text }] = await ask("cell", { k: "cell", id });
      return text;
    },
    keeping: {
      star: async ({ id }, on) => void (await ask("ack", { k: "star", id, on })),
      tag: async ({ id }, tag, on) => void (await ask("ack", { k: "tag", id, tag, on })),
    },
    marks: () => link.get("_marks"),
    onMarks: (then) => link.follow("_marks", then),
    async newer() {
      const [{ count }] = await ask("newer", { k: "newer" });
      return count;
    },
    refresh: () => void link.send({ k: "refresh" }),
    onChange(then) {
      let edition = link.get("edition");
      link.follow("edition", () => {
        if (edition === link.get("edition")) return;
        edition = link.get("edition");
        then();
      });
    },
  };
}
