import assert from "node:assert/strict";
import { test } from "node:test";
import type { Size } from "../src/model";
import {
  canvasScale,
  clamped,
  edgeFor,
  fit,
  framed,
  type Point,
  pan,
  stageHeight,
  toImage,
  toScreen,
  type View,
  visible,
  wantsDetail,
  zoomAt,
} from "../src/viewport";

const SOURCE: Size = [3000, 2000];
const STAGE: Size = [900, 600];
const WHOLE = framed(SOURCE, [0, 0, 0, 0]);

function near(actual: Point, expected: Point, error = 1e-9) {
  for (const [index, value] of actual.entries()) {
    assert.ok(Math.abs(value - (expected[index] as number)) <= error, `${actual} is not ${expected}`);
  }
}

/** Views and points of all kinds, the same in every run. */
function* samples(count: number): Generator<[View, Point, number]> {
  let state = 12345;
  const random = (low: number, high: number) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return low + (state / 2147483648) * (high - low);
  };
  for (let index = 0; index < count; index++) {
    const view = { zoom: 2 ** random(-4, 4), x: random(-5000, 5000), y: random(-5000, 5000) };
    yield [view, [random(0, 900), random(0, 600)], 2 ** random(-0.4, 0.4)];
  }
}

test("screen to image and back is where it was", () => {
  for (const [view, point] of samples(200)) near(toScreen(view, toImage(view, point)), point, 1e-6);
});

test("zooming keeps the image point under the cursor", () => {
  for (const [view, point, factor] of samples(200)) {
    const next = zoomAt(view, factor, point, 0.01);
    near(toScreen(next, toImage(view, point)), point, 1e-6);
    assert.ok(Math.abs(next.zoom / view.zoom - factor) < 1e-9);
  }
});

test("zooming in and out by the same factor ends where it began", () => {
  for (const [view, point, factor] of samples(50)) {
    const back = zoomAt(zoomAt(view, factor, point, 0.01), 1 / factor, point, 0.01);
    near([back.x, back.y], [view.x, view.y], 1e-6);
  }
});

test("zooming stops at its ends", () => {
  const view = fit(WHOLE, STAGE);
  assert.equal(zoomAt(view, 1e6, [0, 0], view.zoom / 2).zoom, 32);
  assert.equal(zoomAt(view, 1e-6, [0, 0], view.zoom / 2).zoom, view.zoom / 2);
});

test("a fitted image lies whole and centred on the stage", () => {
  const view = fit(framed([1000, 2000], [0, 0, 0, 0]), STAGE);
  assert.equal(view.zoom, 0.3);
  near(toScreen(view, [0, 0]), [300, 0]);
  near(toScreen(view, [1000, 2000]), [600, 600]);
});

test("a fitted frame has what is added on the stage, with its margin", () => {
  const frame = framed([1000, 1000], [500, 0, 300, 200]);
  assert.deepEqual(frame, [-500, 0, 1300, 1200]);
  const view = fit(frame, STAGE, 0.1);
  const [left, top] = toScreen(view, [-500, 0]);
  const [right, bottom] = toScreen(view, [1300, 1200]);
  near([left, top], [90, 60], 1e-9);
  near([right, bottom], [810, 540], 1e-9);
});

test("a tiny image is not blown up without end", () => {
  assert.equal(fit(framed([4, 4], [0, 0, 0, 0]), STAGE).zoom, 8);
});

test("what is smaller than the stage stays in its middle", () => {
  const view = clamped({ zoom: 0.1, x: -400, y: 1000 }, WHOLE, STAGE);
  near(toScreen(view, [1500, 1000]), [450, 300]);
});

test("what is larger cannot be pushed off the stage", () => {
  for (const [x, y] of [
    [1e5, 1e5],
    [-1e5, -1e5],
    [1e5, -1e5],
  ] as Point[]) {
    const view = clamped({ zoom: 2, x, y }, WHOLE, STAGE);
    const box = visible(view, SOURCE, STAGE);
    assert.ok(box, "nothing of the image is left");
    assert.ok((box[2] - box[0]) * view.zoom >= STAGE[0] / 2);
    assert.ok((box[3] - box[1]) * view.zoom >= STAGE[1] / 2);
  }
});

test("a view within its limits is not moved, and clamping twice is clamping once", () => {
  const inside = { zoom: 1, x: -1000, y: -700 };
  assert.deepEqual(clamped(inside, WHOLE, STAGE), inside);
  for (const [view] of samples(100)) {
    const once = clamped(view, WHOLE, STAGE);
    const twice = clamped(once, WHOLE, STAGE);
    near([twice.x, twice.y], [once.x, once.y], 1e-6);
  }
});

test("where an image begins to exceed the stage, its place does not jump", () => {
  const place = (zoom: number) => clamped({ zoom, x: 1e5, y: 1e5 }, WHOLE, STAGE);
  const [before, after] = [place(0.3 - 1e-6), place(0.3 + 1e-6)];
  near([before.x, before.y], [after.x, after.y], 0.02);
});

test("panning moves by screen pixels", () => {
  assert.deepEqual(pan({ zoom: 3, x: 1, y: 2 }, 10, -4), { zoom: 3, x: 11, y: -2 });
});

test("the visible box is whole pixels within the image, and covers the stage", () => {
  for (const [raw] of samples(300)) {
    const view = clamped(raw, WHOLE, STAGE);
    const box = visible(view, SOURCE, STAGE);
    if (!box) continue;
    for (const value of box) assert.ok(Number.isInteger(value));
    assert.ok(box[0] >= 0 && box[1] >= 0 && box[2] <= 3000 && box[3] <= 2000);
    const [left] = toScreen(view, [box[0], box[1]]);
    assert.ok(left <= 1e-6 || box[0] === 0);
  }
  assert.equal(visible({ zoom: 1, x: 2000, y: 0 }, SOURCE, STAGE), null);
});

test("detail is asked for in device pixels, never more than there are", () => {
  assert.equal(edgeFor([0, 0, 900, 600], { zoom: 1, x: 0, y: 0 }, 2), 900);
  assert.equal(edgeFor([0, 0, 1000, 600], { zoom: 0.5, x: 0, y: 0 }, 1), 500);
  assert.equal(edgeFor([0, 0, 1000, 600], { zoom: 0.5, x: 0, y: 0 }, 1.5), 750);
  assert.equal(edgeFor([0, 0, 9000, 6000], { zoom: 1, x: 0, y: 0 }, 1), 2048);
});

test("detail is wanted where the screen is finer than the preview, and the source too", () => {
  const at = (zoom: number) => ({ zoom, x: 0, y: 0 });
  assert.equal(wantsDetail(at(0.3), SOURCE, [1024, 683], 1), false);
  assert.equal(wantsDetail(at(0.3), SOURCE, [1024, 683], 2), true);
  assert.equal(wantsDetail(at(1), SOURCE, [1024, 683], 1), true);
  assert.equal(wantsDetail(at(4), [800, 600], [800, 600], 1), false);
});

test("the stage is as high as the image asks for, within its limits", () => {
  assert.equal(stageHeight(600, [3, 2], 1000), 400);
  assert.equal(stageHeight(600, [2, 3], 2000), 620);
  assert.equal(stageHeight(600, [2, 3], 700), 490);
  assert.equal(stageHeight(600, [100, 1], 1000), 240);
  assert.equal(stageHeight(350, [2, 3], 200), 240);
});

test("a canvas over a large stage stays of a sane size", () => {
  assert.equal(canvasScale([900, 600], 2), 2);
  const scale = canvasScale([4000, 3000], 2);
  assert.ok(Math.abs(4000 * scale * 3000 * scale - 6_000_000) < 1);
});
