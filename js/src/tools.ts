/** From moves of a pointer or of the keyboard's cursor to operations on the mask. */

import { type Bell, bell } from "./bell";
import type { Board } from "./board";
import type { Echo } from "./echo";
import type { World } from "./mount";
import { add, boxOf, distance, finished, neat, type Shape, type Stroke, simplified } from "./strokes";
import { type Point, toImage } from "./viewport";

export interface Held {
  shift: boolean;
  alt: boolean;
}

/** A shape being drawn, in image pixels. */
export type Draft =
  | { kind: "rect" | "ellipse"; from: Point; to: Point; even: boolean; alt: boolean }
  | { kind: "lasso" | "polygon"; points: Point[]; next: Point | null; alt: boolean };

export interface Tools {
  readonly changed: Bell;
  draft(): Draft | null;
  /** Something is begun that Escape would drop. */
  busy(): boolean;
  begin(at: Point, held: Held, pressure: number): void;
  move(at: Point, held: Held, pressure: number): void;
  /** The keyboard's cursor moved: the shape begun follows it. */
  hover(at: Point, even: boolean): void;
  end(): void;
  cancel(): void;
  /** Drops what the pointer that is down has begun: of a polygon, the corner it set. */
  abandon(): void;
  /** Closes the polygon; false if there is none with three corners. */
  close(): boolean;
  /** Takes back the polygon's last corner. */
  back(): void;
  /** What Enter does at the keyboard's cursor: a stamp, a corner; says what it did. */
  stamp(at: Point, held: Held): string;
}

const THIN = 0.25; // screen pixels
const CLICK = 4;
const CLOSE = 9;

export function tools(board: Board, world: World, echo: Echo): Tools {
  const { link } = board;
  const changed = bell();
  let stroke: Stroke | null = null;
  let straight: { from: Point; last: Point | null } | null = null;
  let draft: Draft | null = null;
  let before: Draft | null = null; // the pointer's last corner
  let last: Point | null = null;

  const image = (at: Point) => toImage(board.view(), at);
  const apart = (a: Point, b: Point) => distance(a, b) * board.view().zoom;
  const set = (value: Draft | null) => {
    draft = value;
    changed.ring();
  };
  const strokeOf = (alt: boolean): Stroke => {
    const erase = (link.get("tool") === "erase") !== alt;
    return { t: erase ? "erase" : "brush", w: neat(link.get("brush")), points: [], pressures: [] };
  };
  const commit = (t: Shape["t"], points: Point[], alt: boolean) => {
    echo.commit({ t, points, sub: link.get("subtract") !== alt });
  };
  const cancel = () => {
    if (stroke) echo.begin(null);
    stroke = straight = null;
    if (draft) set(null);
  };
  const finishStroke = () => {
    if (!stroke) return;
    const done = finished(stroke);
    last = done.points.at(-1) ?? null;
    stroke = straight = null;
    echo.commit(done);
  };
  const finishBox = (
    from: Point,
    to: Point,
    held: { even: boolean; alt: boolean },
    kind: "rect" | "ellipse",
  ) => {
    const box = boxOf(from, to, held.even);
    set(null);
    if (!box || apart(from, to) < CLICK / 2) return false;
    commit(kind, box, held.alt);
    return true;
  };
  const finishPath = (points: Point[], alt: boolean, error: number) => {
    set(null);
    const corners = simplified(points, error);
    if (corners.length < 3) return false;
    commit("polygon", corners, alt);
    return true;
  };
  const lassoError = () => {
    const preview = world.preview();
    const pixel = preview ? board.source()[0] / preview.width : 1;
    return 0.5 * Math.min(pixel, 1 / board.view().zoom);
  };
  const corner = (point: Point, alt: boolean): boolean => {
    const begun = draft?.kind === "polygon" ? draft : null;
    const points = begun?.points ?? [];
    const [first, newest] = [points[0], points.at(-1)];
    const again = newest && apart(newest, point) < CLICK;
    const home = points.length > 2 && first && apart(first, point) < CLOSE;
    if (again || home) return close();
    set({ kind: "polygon", points: [...points, point], next: point, alt: begun?.alt ?? alt });
    return false;
  };
  const close = () =>
    draft?.kind === "polygon" && draft.points.length > 2 && finishPath(draft.points, draft.alt, 0);
  const line = (to: Point, pressure: number) => {
    if (!stroke || !straight) return;
    const from = straight.last && apart(straight.from, to) < CLICK ? straight.last : straight.from;
    stroke.points = distance(from, to) ? [from, to] : [to];
    stroke.pressures = stroke.points.map(() => pressure);
    echo.begin(stroke);
  };

  link.follow("tool", cancel);
  board.replaced.on(() => {
    last = null;
    cancel();
  });
  return {
    changed,
    draft: () => draft,
    busy: () => Boolean(stroke || draft),
    cancel,
    abandon() {
      const kept = draft?.kind === "polygon" ? before : null;
      cancel();
      if (kept) set(kept);
    },
    close,
    begin(at, held, pressure) {
      const [point, tool] = [image(at), link.get("tool")];
      before = draft;
      if (board.hidden()) board.hide(false); // nobody draws unseen
      if (tool === "brush" || tool === "erase") {
        stroke = strokeOf(held.alt);
        straight = held.shift ? { from: point, last } : null;
        if (straight) return line(point, pressure);
        add(stroke, point, pressure, 0);
        echo.draw(stroke, 0);
      } else if (tool === "rect" || tool === "ellipse") {
        set({ kind: tool, from: point, to: point, even: held.shift, alt: held.alt });
      } else if (tool === "lasso") {
        set({ kind: "lasso", points: [point], next: null, alt: held.alt });
      } else if (tool === "polygon") corner(point, held.alt);
    },
    move(at, held, pressure) {
      const point = image(at);
      if (stroke && straight) line(point, pressure);
      else if (stroke) {
        if (add(stroke, point, pressure, THIN / board.view().zoom))
          echo.draw(stroke, stroke.points.length - 1);
      } else if (draft?.kind === "rect" || draft?.kind === "ellipse") {
        set({ ...draft, to: point, even: held.shift, alt: held.alt });
      } else if (draft?.kind === "lasso") {
        const newest = draft.points.at(-1);
        if (!newest || apart(newest, point) >= 2 * THIN) draft.points.push(point);
        changed.ring();
      } else if (draft?.kind === "polygon") set({ ...draft, next: point });
    },
    hover(at, even) {
      if (!draft) return;
      if ("from" in draft) set({ ...draft, to: image(at), even });
      else set({ ...draft, next: image(at) });
    },
    end() {
      finishStroke();
      if (draft?.kind === "lasso") finishPath(draft.points, draft.alt, lassoError());
      else if (draft && "from" in draft) finishBox(draft.from, draft.to, draft, draft.kind);
    },
    back() {
      if (draft?.kind !== "polygon") return;
      const points = draft.points.slice(0, -1);
      set(points.length ? { ...draft, points } : null);
    },
    stamp(at, held) {
      const [point, tool] = [image(at), link.get("tool")];
      const where = `${Math.floor(point[0])}, ${Math.floor(point[1])}`;
      if (tool === "brush" || tool === "erase") {
        const from = held.shift ? last : null;
        stroke = strokeOf(held.alt);
        for (const each of from ? [from, point] : [point]) add(stroke, each, 1, 0);
        const did = stroke.t === "erase" ? "erased" : "painted";
        finishStroke();
        return `${from ? `${did} a line to` : did} ${from ? "" : "at "}${where}`;
      }
      if (tool === "rect" || tool === "ellipse") {
        if (draft && "from" in draft) {
          return finishBox(draft.from, point, { even: held.shift, alt: draft.alt }, tool)
            ? `${tool} to ${where}`
            : "dropped: it has no inside";
        }
        set({ kind: tool, from: point, to: point, even: held.shift, alt: held.alt });
        return `corner at ${where}; Enter at the opposite corner ends it`;
      }
      if (tool === "polygon" || tool === "lasso") {
        return corner(point, held.alt) ? "polygon closed" : `corner at ${where}`;
      }
      return "";
    },
  };
}
