/** What the layers of one stage share: the place of the image, its looks, and the element itself. */

import { type Bell, bell } from "./bell";
import { el } from "./dom";
import type { Box, Link, Size } from "./model";
import { dpr } from "./pixels";
import { clamped, fit, framed, type Point, snapped, stageHeight, type View } from "./viewport";

export interface Board {
  readonly link: Link;
  readonly el: HTMLElement;
  /** The image or its place on the screen has changed. */
  readonly moved: Bell;
  /** The mask's colour, opacity or visibility has changed. */
  readonly looked: Bell;
  /** Another image has come. */
  readonly replaced: Bell;
  source(): Size;
  size(): Size;
  view(): View;
  /** The view as it is painted. */
  painted(): View;
  /** The zoom at which the frame just fits. */
  fitting(): number;
  fit(): void;
  move(view: View): void;
  /** What the image is extended by, be it only while a handle is being pulled. */
  extend(): Box;
  /** Shows another extension, the view staying; null sets what was shown and fits it, or drops it. */
  pull(extend: Box | null, keep?: boolean): void;
  /** Where an event is on the screen. */
  at(event: { clientX: number; clientY: number }): Point;
  hidden(): boolean;
  hide(hidden: boolean): void;
  opacity(): number;
  color(): string;
  /** Tells a screen reader what a key did. */
  say(text: string): void;
}

const EXTEND_MARGIN = 0.12; // room to pull the handles outwards

export function board(link: Link, said: HTMLElement): Board {
  const node = el("div", {
    class: "rqe-stage",
    tabindex: 0,
    role: "application",
    "aria-roledescription": "mask canvas",
    "aria-label": "Image and mask: draw with the pointer or with the arrow keys and Enter; ? lists all keys",
  });
  const [moved, looked, replaced] = [bell(), bell(), bell()];
  let view: View = { zoom: 1, x: 0, y: 0 };
  let size: Size = [0, 0];
  let fitted = true;
  let hidden = false;
  let pulled: Box | null = null;
  const source = (): Size => {
    const [width, height] = link.get("source_size") ?? [1, 1];
    return [Math.max(1, width), Math.max(1, height)];
  };
  const extend = (): Box => pulled ?? link.get("extend") ?? [0, 0, 0, 0];
  const frame = (): Box => framed(source(), extend());
  const best = () => fit(frame(), size, link.get("tool") === "extend" ? EXTEND_MARGIN : 0);
  const self: Board = {
    link,
    el: node,
    moved,
    looked,
    replaced,
    source,
    size: () => size,
    view: () => view,
    painted: () => snapped(view, dpr()),
    fitting: () => best().zoom,
    fit() {
      fitted = true;
      view = best();
      moved.ring();
    },
    move(wanted) {
      view = clamped(wanted, frame(), size);
      fitted = view.zoom === best().zoom;
      moved.ring();
    },
    extend,
    pull(wanted, keep = true) {
      const last = pulled;
      pulled = wanted;
      if (wanted || !last || !keep || String(last) === String(extend())) return moved.ring();
      link.set("extend", last); // once: each is a step that can be undone
      self.fit();
    },
    at(event) {
      const box = node.getBoundingClientRect();
      const scale = box.width ? size[0] / box.width : 1; // a page may be shown scaled
      return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    },
    hidden: () => hidden,
    hide(wanted) {
      hidden = wanted;
      looked.ring();
    },
    opacity: () => (hidden ? 0 : link.get("mask_opacity")),
    color: () => link.get("mask_color"),
    say(text) {
      said.textContent = text;
    },
  };
  const measure = () => {
    const width = node.clientWidth;
    if (!width) return;
    node.style.height = `${stageHeight(width, source(), window.innerHeight)}px`;
    size = [width, node.clientHeight];
    if (fitted) self.fit();
    else self.move(view);
  };
  const watcher = new ResizeObserver(measure);
  watcher.observe(node);
  window.addEventListener("resize", measure, { signal: link.signal });
  link.signal.addEventListener("abort", () => watcher.disconnect());
  link.follow("source_size", () => {
    fitted = true;
    measure();
    replaced.ring();
  });
  link.follow(["mask_color", "mask_opacity"], looked.ring);
  link.follow(["extend", "tool"], () => {
    if (fitted) self.fit();
    else self.move(view);
  });
  return self;
}
