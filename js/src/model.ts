/**
 * The whole contract between the editor in the browser and the one in Python: traits, messages, and how they travel.
 *
 * Lengths and positions are pixels of the source image, upright, unless a name says otherwise; boxes are
 * [left, top, right, bottom], right and bottom just outside. The mirror of this file is `widgets/editor.py`.
 */

import type { AnyModel } from "@anywidget/types";
import { type Answer, connected, type Linked } from "./link";

export type Box = [number, number, number, number];
export type Size = [number, number];

export const TOOLS = ["brush", "erase", "rect", "ellipse", "lasso", "polygon", "extend", "hand"] as const;
export type Tool = (typeof TOOLS)[number];

/** The synced traits. Who sets them: P Python alone, B either side. */
export interface Traits {
  _key: string; // P: of this editor; the still picture in the notebook's file hides where a view carries it
  source_name: string; // P
  source_size: Size; // P
  preview: DataView; // P: WebP of the source, at most 1024 pixels a side
  mask_png: DataView; // P: PNG, grey, of the preview's size, 255 = edit; with the changes being tried
  mask_share: number; // P: 0 to 1
  can_undo: boolean; // P
  can_redo: boolean; // P
  extend: Box; // B: pixels added at left, top, right, bottom; each 0 or more
  _photo: string | null; // P: the ipycanvas that shows the source, as a reference to its model
  _overlay: string | null; // P: the ipycanvas that shows the mask, of the same size, opaque where it edits
  tool: Tool; // B
  brush: number; // B: diameter
  subtract: boolean; // B: shapes take away
  mask_color: string; // B: #rrggbb
  mask_opacity: number; // B: 0 to 1
  prompt: string; // B
  model: string; // B
  size: string; // B
  quality: string; // B
  n: number; // B
  background: string; // B
  output_format: string; // B
  choices: Choices; // P: what is offered for the five above; anything else may be typed
  references: ReferenceCard[]; // P: further input pictures, in order
  jobs: JobCard[]; // P: edits under way and those that just failed, oldest first
  results: ResultCard[]; // P: newest first
}

export interface Choices {
  model: string[];
  size: string[];
  quality: string[];
  background: string[];
  output_format: string[];
}

export const SETTINGS = [
  "prompt",
  "model",
  "size",
  "quality",
  "n",
  "background",
  "output_format",
  "extend",
] as const;
export type Settings = Pick<Traits, (typeof SETTINGS)[number]>;

export interface ReferenceCard {
  id: string;
  name: string;
  thumb: DataView; // WebP
}

export interface JobCard {
  id: string; // as the browser gave it
  prompt: string;
  state: "preparing" | "working" | "failed" | "cancelled";
  text: string; // what it is doing, or what happened, whether it was paid and what to do next
  started: number; // seconds since 1970, by the kernel's clock
}

export interface ResultCard {
  id: string; // the edit's, in the history
  prompt: string;
  headline: string; // model, take, new or replayed, cost
  facts: [string, string][];
  thumbs: DataView[]; // WebP, one a picture
  sizes: Size[]; // of the pictures, restored
  masked: boolean; // made under a mask: restored and received differ
  leak: string; // how much changed outside the mask, in words; empty without a mask
}

/** Messages to Python. `s` is given by `send`; Python answers each with an `ack`, after its effect is shown. */
export type Outgoing =
  | { k: "ready" }
  // Buffers: points as Float32 pairs, little endian; for a pen, pressures as Uint8, 255 = 1.
  | { k: "op"; t: "brush" | "erase"; w: number }
  | { k: "op"; t: "rect" | "ellipse" | "polygon"; sub?: 1 }
  | { k: "op"; t: "invert" | "clear" | "fill" }
  | { k: "undo" }
  | { k: "redo" }
  | { k: "try"; grow: number; feather: number } // shown, not yet kept; grow below 0 shrinks
  | { k: "settle"; keep: boolean } // keep or drop what was tried
  | { k: "view"; v: string; box: Box; edge: number } // asks for `detail`: the box, at most `edge` pixels a side
  // Offers a job; Python answers `accepted`, and only `start` sends anything. With the settings as they are on the
  // screen: while the kernel is busy, changes of traits wait in the browser, and a message overtakes them.
  | { k: "ask"; j: string; settings?: Settings }
  | { k: "start"; j: string }
  | { k: "cancel"; j: string } // or takes a failed one off the list
  | { k: "reference"; id: string; name: string; part: number; parts: number } // Buffer: a part of the file
  | { k: "unreference"; id: string }
  | { k: "show"; id: string; i: number } // asks for `shown`
  | { k: "use"; id: string; i: number; raw: boolean; keep: boolean } // as the next source; keep this mask or clear it
  | { k: "remask"; id: string } // draw on with the mask that edit was made under
  | { k: "cell"; id: string; i: number } // asks for `cell`
  | { k: "save"; id: string; i: number; raw: boolean }; // in the kernel's folder; answered by a `notice`

/** Messages from Python. */
export type Incoming =
  | Answer
  | { k: "detail"; v: string; box: Box } // Buffers: WebP of the source there, grey PNG of the mask there
  | { k: "accepted"; j: string }
  // Buffers: the source as the restored picture frames it, the restored picture, the picture as received, all JPEG
  // or all WebP; and for masked edits a WebP heat map with alpha of what changed outside the mask.
  | { k: "shown"; id: string; i: number; size: Size; received: Size }
  | { k: "cell"; id: string; text: string }
  | { k: "notice"; kind: "info" | "warning" | "error"; text: string };

/** One view's connection to its editor. */
export type Link = Linked<Traits, Outgoing, Incoming>;

export const connect = (model: AnyModel<Traits>, signal: AbortSignal): Link => connected(model, signal);
