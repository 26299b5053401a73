import assert from "node:assert/strict";
import { test } from "node:test";
import fixture from "../../tests/data/strokes.json";
import {
  add,
  boxOf,
  distance,
  encoded,
  finished,
  isStroke,
  neat,
  type Op,
  type Stroke,
  simplified,
  thickness,
} from "../src/strokes";
import type { Point } from "../src/viewport";

const stroke = (points: Point[] = [], pressures: number[] = [], w = 10): Stroke => ({
  t: "brush",
  w,
  points,
  pressures,
});
const hex = (buffer: ArrayBuffer) => Buffer.from(buffer).toString("hex");

for (const { name, message, points, pressures, buffers } of fixture) {
  if (!points.length) continue; // changes of the whole carry nothing
  test(`${name} is sent as the bytes that Python reads`, () => {
    const { t, w, sub } = message as { t: Op["t"]; w?: number; sub?: 1 };
    const op =
      t === "brush" || t === "erase"
        ? { t, w: w ?? 0, points, pressures: pressures ?? [] }
        : { t, points, sub: sub === 1 };
    const sent = encoded(op as Op);
    assert.deepEqual(sent.message, message);
    assert.deepEqual(sent.buffers.map(hex), buffers);
  });
}

test("a stroke of twenty points with its envelope is at most 700 bytes", () => {
  const points = Array.from({ length: 20 }, (_, index): Point => [1234.56 + index, 987.65]);
  const { message, buffers } = encoded(stroke(points, [], 123.456));
  const frame = {
    buffer_paths: [],
    channel: "shell",
    content: { comm_id: "0".repeat(32), data: { method: "custom", content: { ...message, s: 99999 } } },
    header: {
      date: "2026-01-01T00:00:00.000Z",
      msg_id: "0".repeat(36),
      msg_type: "comm_msg",
      session: "0".repeat(36),
      username: "",
      version: "5.2",
    },
    metadata: {},
    parent_header: {},
  };
  const bytes = JSON.stringify(frame).length + buffers.reduce((sum, buffer) => sum + buffer.byteLength, 0);
  assert.ok(bytes <= 700, `${bytes} bytes`);
});

test("points nearer than the least distance are left out, the first never", () => {
  const drawn = stroke();
  assert.ok(add(drawn, [1, 1], 1, 0.5));
  assert.ok(!add(drawn, [1.2, 1.3], 1, 0.5));
  assert.ok(add(drawn, [1.5, 1.1], 1, 0.5));
  assert.deepEqual(drawn.points, [
    [1, 1],
    [1.5, 1.1],
  ]);
  assert.equal(drawn.pressures.length, 2);
});

test("no thinned line is farther from the drawn one than the least distance", () => {
  const drawn = stroke();
  const all = Array.from({ length: 500 }, (_, step): Point => [step / 10, 20 * Math.sin(step / 40)]);
  for (const point of all) add(drawn, point, 1, 0.25);
  for (const point of all) assert.ok(drawn.points.some((kept) => distance(kept, point) < 0.25));
  assert.ok(drawn.points.length < all.length);
});

test("pressures are sent unless all are full: a light and even one makes a thin stroke", () => {
  const points: Point[] = [
    [0, 0],
    [5, 5],
  ];
  const light = finished(stroke(points, [0.5, 0.5]));
  assert.deepEqual(light.pressures, [0.5, 0.5]);
  assert.deepEqual([...new Uint8Array(encoded(light).buffers[1] as ArrayBuffer)], [128, 128]);
  assert.deepEqual(finished(stroke(points, [0.999, 1])).pressures, []);
  assert.deepEqual(finished(stroke(points, [0.5, 0.6])).pressures, [0.5, 0.6]);
  assert.equal(encoded(finished(stroke(points, [1, 1]))).buffers.length, 1);
});

test("widths at points are whole pixels, rounded as Python rounds", () => {
  assert.equal(thickness(stroke([[0, 0]], [], 2.5), 0), 2);
  assert.equal(thickness(stroke([[0, 0]], [], 3.5), 0), 4);
  assert.equal(thickness(stroke([[0, 0]], [], 0.2), 0), 1);
  const varied = stroke([], [0.5, 1, 0.1], 20);
  assert.deepEqual(
    [0, 1, 2].map((index) => thickness(varied, index)),
    [10, 20, 2],
  );
});

test("a brush's size is sent in tenths", () => {
  assert.equal(neat(12.3456), 12.3);
  assert.equal(neat(0), 0.1);
  assert.equal(JSON.stringify(neat(0.3)), "0.3");
});

test("a drag in any direction is a box from left top to right bottom", () => {
  for (const [from, to] of [
    [
      [1, 2],
      [5, 9],
    ],
    [
      [5, 9],
      [1, 2],
    ],
    [
      [5, 2],
      [1, 9],
    ],
  ] as [Point, Point][]) {
    assert.deepEqual(boxOf(from, to, false), [
      [1, 2],
      [5, 9],
    ]);
  }
});

test("an even drag is a square that keeps its first corner", () => {
  assert.deepEqual(boxOf([10, 10], [14, 2], true), [
    [10, 2],
    [18, 10],
  ]);
  assert.deepEqual(boxOf([10, 10], [3, 8], true), [
    [3, 3],
    [10, 10],
  ]);
});

test("a drag along a line has no inside", () => {
  assert.equal(boxOf([1, 1], [1, 5], false), null);
  assert.equal(boxOf([1, 1], [5, 1], false), null);
});

const wave = Array.from({ length: 2000 }, (_, step): Point => [step / 4, 50 * Math.sin(step / 100)]);

function offPath(point: Point, path: Point[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (let index = 1; index < path.length; index++) {
    const [a, b] = [path[index - 1] as Point, path[index] as Point];
    const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    const along = ((point[0] - a[0]) * dx + (point[1] - a[1]) * dy) / (dx * dx + dy * dy || 1);
    const at = Math.max(0, Math.min(1, along));
    least = Math.min(least, distance(point, [a[0] + at * dx, a[1] + at * dy]));
  }
  return least;
}

test("a simplified path is nowhere farther off than allowed, and much shorter", () => {
  const fewer = simplified(wave, 0.5);
  assert.ok(fewer.length < 100, String(fewer.length));
  assert.deepEqual([fewer[0], fewer.at(-1)], [wave[0], wave.at(-1)]);
  for (const point of wave) assert.ok(offPath(point, fewer) <= 0.5 + 1e-9);
});

test("a straight path needs its ends alone, and a closed one is kept apart from its ends", () => {
  const line = Array.from({ length: 50 }, (_, step): Point => [step, 2 * step]);
  assert.equal(simplified(line, 0.01).length, 2);
  const ring = Array.from(
    { length: 361 },
    (_, degree): Point => [
      100 * Math.cos((degree * Math.PI) / 180),
      100 * Math.sin((degree * Math.PI) / 180),
    ],
  );
  assert.ok(simplified(ring, 0.5).length > 10);
});

test("a path beyond the most corners is coarsened until it fits", () => {
  const jagged = Array.from({ length: 9000 }, (_, step): Point => [step, (step % 2) * (1 + (step % 7))]);
  assert.ok(simplified(jagged, 0.1).length <= 4000);
  assert.ok(simplified(jagged, 0.1, 50).length <= 50);
  assert.ok(simplified(jagged.slice(0, 300), 0, 200).length <= 200); // also from no error at all
});

test("strokes and shapes are told apart", () => {
  assert.ok(isStroke(stroke()));
  assert.ok(!isStroke({ t: "rect", points: [], sub: false }));
});
