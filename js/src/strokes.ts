/** What is drawn, as values in image pixels, and as the message that carries it. */

import type { Outgoing } from "./model";
import type { Point } from "./viewport";

export interface Stroke {
  t: "brush" | "erase";
  w: number;
  points: Point[];
  pressures: number[]; // 0 to 1, one a point; empty if all are 1
}

export interface Shape {
  t: "rect" | "ellipse" | "polygon";
  points: Point[];
  sub: boolean;
}

export type Op = Stroke | Shape;

const MOST_CORNERS = 4000;

export const isStroke = (op: Op): op is Stroke => op.t === "brush" || op.t === "erase";

export const distance = (a: Point, b: Point) => Math.hypot(a[0] - b[0], a[1] - b[1]);

/** A width as it is sent: tenths of a pixel are enough, and short. */
export const neat = (width: number) => Math.max(0.1, Math.round(width * 10) / 10);

/** Adds a point to a stroke unless it is nearer than `least` to the last one; tells whether it did. */
export function add(stroke: Stroke, point: Point, pressure: number, least: number): boolean {
  const last = stroke.points.at(-1);
  if (last && distance(last, point) < least) return false;
  stroke.points.push(point);
  stroke.pressures.push(pressure);
  return true;
}

/** The stroke as it is kept: without pressures that are all full. */
export function finished(stroke: Stroke): Stroke {
  const full = stroke.pressures.every((pressure) => 1 - pressure < 1 / 255);
  return full ? { ...stroke, pressures: [] } : stroke;
}

/** The diameter at a point, in whole pixels, as Python's raster takes it. */
export function thickness(stroke: Stroke, index: number): number {
  const factor = Math.min(Math.max(stroke.pressures[index] ?? 1, 0), 1);
  return Math.max(1, roundHalfEven(stroke.w * factor));
}

function roundHalfEven(value: number): number {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 ? low + 1 : low;
}

/** Left, top and right, bottom of a drag; `even` makes it a square. Null if it has no inside. */
export function boxOf(from: Point, to: Point, even: boolean): [Point, Point] | null {
  let [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  if (even) {
    const side = Math.max(Math.abs(dx), Math.abs(dy));
    [dx, dy] = [dx < 0 ? -side : side, dy < 0 ? -side : side];
  }
  if (!dx || !dy) return null;
  return [
    [Math.min(from[0], from[0] + dx), Math.min(from[1], from[1] + dy)],
    [Math.max(from[0], from[0] + dx), Math.max(from[1], from[1] + dy)],
  ];
}

/** Fewer corners, none of the old ones farther than `error` from the new line (Ramer, Douglas, Peucker). */
export function simplified(points: Point[], error: number, most = MOST_CORNERS): Point[] {
  for (let allowed = error; ; allowed = allowed * 1.5 || 0.1) {
    const fewer = thinned(points, allowed);
    if (fewer.length <= most) return fewer;
  }
}

function thinned(points: Point[], error: number): Point[] {
  const kept = new Uint8Array(points.length);
  kept[0] = kept[points.length - 1] = 1;
  const spans: [number, number][] = [[0, points.length - 1]];
  for (let span = spans.pop(); span; span = spans.pop()) {
    const at = farthest(points, span, error);
    if (at) {
      kept[at] = 1;
      spans.push([span[0], at], [at, span[1]]);
    }
  }
  return points.filter((_, index) => kept[index]);
}

/** Which point between two lies farthest from the line of these, if any lies farther than `error`; else 0. */
function farthest(points: Point[], [first, last]: [number, number], error: number): number {
  const [left, top] = points[first] as Point;
  const [right, bottom] = points[last] as Point;
  const [dx, dy] = [right - left, bottom - top];
  const length = dx * dx + dy * dy;
  let [worst, at] = [error * error, 0];
  // a long path comes by here millions of times: no roots, and no arrays but the points
  for (let index = first + 1; index < last; index++) {
    const point = points[index] as Point;
    const x = point[0] - left;
    const y = point[1] - top;
    const along = length ? Math.max(0, Math.min((x * dx + y * dy) / length, 1)) : 0;
    const off = (x - along * dx) ** 2 + (y - along * dy) ** 2;
    if (off > worst) [worst, at] = [off, index];
  }
  return at;
}

/** The message of an operation and its buffers. */
export function encoded(op: Op): { message: Outgoing; buffers: ArrayBuffer[] } {
  const points = new DataView(new ArrayBuffer(op.points.length * 8));
  op.points.forEach(([x, y], index) => {
    points.setFloat32(index * 8, x, true);
    points.setFloat32(index * 8 + 4, y, true);
  });
  if (!isStroke(op)) {
    const message: Outgoing = op.sub ? { k: "op", t: op.t, sub: 1 } : { k: "op", t: op.t };
    return { message, buffers: [points.buffer] };
  }
  const buffers = [points.buffer];
  if (op.pressures.length) {
    buffers.push(Uint8Array.from(op.pressures, (pressure) => Math.round(pressure * 255)).buffer);
  }
  return { message: { k: "op", t: op.t, w: neat(op.w) }, buffers };
}
