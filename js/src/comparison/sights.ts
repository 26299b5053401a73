/** The pictures that are compared, each on a ground that is zoomed and moved with all others. */

import { el } from "../dom";
import { div } from "../pieces";
import type { Size } from "../slider";
import { type Place, seat } from "./place";

const CLOSE = 6; // times: from here on single pixels are seen

/** What is known of one picture, as `Side.told` has it in `display/comparisons.py`. */
export interface Side {
  label: string;
  about: string;
  size: Size;
  outline?: { path: string; box: Size };
  edit?: boolean;
}

export interface Drawing {
  /** Clips the ground, where the divider says so. */
  readonly element: HTMLElement;
  place(place: Place): void;
}

export interface Sight extends Drawing {
  readonly image: HTMLImageElement;
  show(url: string): void;
}

const percent = (share: number) => `${share * 100}%`;

function svg(name: string, attributes: Record<string, string>): SVGElement {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

/** The edge of a mask, over its picture: a light line with a dark one under it, seen on any ground. */
function outlined({ path, box }: NonNullable<Side["outline"]>): SVGElement {
  const whole = { viewBox: `0 0 ${box.join(" ")}`, preserveAspectRatio: "none", class: "rqe-outline" };
  const drawing = svg("svg", { ...whole, "aria-hidden": "true" });
  for (const name of ["under", "over"]) drawing.append(svg("path", { d: path, class: `rqe-${name}` }));
  return drawing;
}

/** Something in its place on a ground. */
function layer(thing: Node[], outline: Side["outline"], [left, top, width, height]: number[]): HTMLElement {
  const box = div("layer", ...thing, ...(outline ? [outlined(outline)] : []));
  for (const [side, share] of Object.entries({ left, top, width, height }))
    box.style.setProperty(side, percent(share as number));
  return box;
}

function grounded(...layers: HTMLElement[]): Drawing {
  const ground = div("ground", ...layers);
  const place = ({ zoom, x, y }: Place) => {
    ground.style.transform = `translate(${percent(x)}, ${percent(y)}) scale(${zoom})`;
    ground.style.setProperty("--rqe-zoom", String(zoom));
    ground.toggleAttribute("data-close", zoom >= CLOSE);
  };
  return { element: div("clip", ground), place };
}

export function sight({ about, size, outline }: Side, ratio: number): Sight {
  const image = el("img", { alt: about, draggable: "false", hidden: true });
  const show = (url: string) => {
    if (image.src !== url) image.src = url;
    image.hidden = false;
  };
  return { image, show, ...grounded(layer([image], outline, seat(size, ratio))) };
}

/** A drawing over the whole of a pane, and the outline of a picture that lies there. */
export function drawing(canvas: HTMLCanvasElement, { outline, size }: Side, ratio: number): Drawing {
  return grounded(layer([canvas], undefined, [0, 0, 1, 1]), layer([], outline, seat(size, ratio)));
}

/** A pane of a shape. */
export function pane(ratio: number, ...children: Node[]): HTMLElement {
  const box = div("pane", ...children);
  box.style.aspectRatio = String(ratio);
  return box;
}
