import assert from "node:assert/strict";
import { test } from "node:test";
import { difference } from "../src/compare";
import { contained, slide } from "../src/slider";

const rgba = (...values: number[]) => new Uint8ClampedArray(values);

test("equal pixels are black and opaque", () => {
  assert.deepEqual([...difference(rgba(9, 80, 200, 255), rgba(9, 80, 200, 255), 4)], [0, 0, 0, 255]);
});

test("a difference is amplified by channel, whichever is lighter, and held at white", () => {
  assert.deepEqual([...difference(rgba(10, 50, 0, 255), rgba(20, 40, 255, 255), 4)], [40, 40, 255, 255]);
});

test("black that became transparent is a difference; two transparent pixels are none", () => {
  assert.deepEqual([...difference(rgba(0, 0, 0, 255), rgba(0, 0, 0, 0), 4)], [255, 255, 255, 255]);
  assert.deepEqual([...difference(rgba(90, 0, 0, 0), rgba(0, 70, 0, 0), 4)], [0, 0, 0, 255]);
});

test("keys move the divider and stop at its ends", () => {
  assert.equal(slide(50, "ArrowRight", false), 52);
  assert.equal(slide(50, "ArrowLeft", true), 40);
  assert.equal(slide(1, "ArrowLeft", false), 0);
  assert.equal(slide(95, "PageUp", false), 100);
  assert.deepEqual([slide(50, "Home", false), slide(50, "End", false)], [0, 100]);
  assert.equal(slide(50, "a", false), undefined);
});

test("a picture is contained, centred and not stretched", () => {
  assert.deepEqual(contained([100, 100], [200, 100]), [50, 0, 100, 100]);
  assert.deepEqual(contained([400, 100], [200, 100]), [0, 25, 200, 50]);
});
