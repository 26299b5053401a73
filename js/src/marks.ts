/** What is drawn over everything and belongs to no picture: the shape begun, and the brush's ring. */

import type { Board } from "./board";
import { el } from "./dom";
import { cover, surface, trace } from "./pixels";
import { boxOf } from "./strokes";
import type { Tools } from "./tools";
import { type Point, toImage, toScreen } from "./viewport";

export interface Marks {
  readonly els: HTMLElement[];
  /** Where the pointer or the keyboard's cursor is, or null; `keyed` draws a cross too. */
  point(at: Point | null, keyed?: boolean): void;
  where(): Point | null;
  keyed(): boolean;
  /** Shows where the cursor is, and says it. */
  locate(): string;
}

export function marks(board: Board, tools: Tools): Marks {
  const { link } = board;
  const layer = surface("rqe-marks");
  const { canvas, context } = layer;
  const ring = el("div", { class: "rqe-ring", hidden: true });
  const cross = el("div", { class: "rqe-cross", hidden: true });
  let [at, keyed]: [Point | null, boolean] = [null, false];
  let due = 0;
  let drawn = false;

  const pointed = () => {
    const tool = link.get("tool");
    ring.hidden = !at || !(tool === "brush" || tool === "erase");
    cross.hidden = !at || !keyed;
    if (!at) return;
    const diameter = Math.max(3, link.get("brush") * board.view().zoom);
    ring.style.width = ring.style.height = `${diameter}px`;
    ring.style.transform = `translate(${at[0] - diameter / 2}px, ${at[1] - diameter / 2}px)`;
    cross.style.transform = `translate(${at[0]}px, ${at[1]}px)`;
  };
  const screen = (point: Point) => toScreen(board.view(), point);
  const outline = () => {
    const draft = tools.draft();
    if (!draft) return null;
    const path = new Path2D();
    if ("from" in draft) {
      const box = boxOf(draft.from, draft.to, draft.even);
      if (!box) return null;
      trace(path, draft.kind, box.map(screen));
      return path;
    }
    const points = draft.next ? [...draft.points, draft.next] : draft.points;
    trace(path, draft.kind, points.map(screen));
    if (draft.kind === "polygon") {
      for (const point of draft.points) {
        const [x, y] = screen(point);
        path.rect(x - 3, y - 3, 6, 6);
      }
    }
    return path;
  };
  const draw = () => {
    due = 0;
    const path = outline();
    if (!path && !drawn) return;
    drawn = Boolean(path);
    const size = board.size();
    const scale = cover(layer, size);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, ...size);
    if (!path) return;
    context.lineWidth = 3;
    context.setLineDash([]);
    context.strokeStyle = "#000a";
    context.stroke(path);
    context.lineWidth = 1.5;
    context.strokeStyle = "#fff";
    context.setLineDash([5, 4]);
    context.stroke(path);
  };
  const soon = () => {
    due ||= requestAnimationFrame(draw);
  };
  tools.changed.on(soon);
  board.moved.on(() => {
    pointed();
    soon();
  });
  link.follow(["brush", "tool"], pointed);
  link.signal.addEventListener("abort", () => cancelAnimationFrame(due));
  return {
    els: [canvas, ring, cross],
    point(where, byKey = false) {
      at = where;
      keyed = byKey;
      pointed();
    },
    where: () => at,
    keyed: () => keyed && at !== null,
    locate() {
      const [width, height] = board.size();
      at ??= [width / 2, height / 2];
      keyed = true;
      pointed();
      const [x, y] = toImage(board.view(), at).map(Math.floor) as Point;
      return `cursor at ${x}, ${y}`;
    },
  };
}
