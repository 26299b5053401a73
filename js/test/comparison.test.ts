import assert from "node:assert/strict";
import { test } from "node:test";
import { measured, told } from "../src/comparison/differing";
import { act } from "../src/comparison/keys";
import { alike, FIT, MOST, moved, type Place, seat, shape, zoomed } from "../src/comparison/place";

const pressed = (key: string, code = "", shiftKey = false) => ({ key, code, shiftKey });

/** Where something in the content is in the pane. */
const seen = ({ zoom, x }: Place, at: number) => at * zoom + x;

test("zooming keeps what is under the pointer where it is", () => {
  const once = zoomed(FIT, 2, [0.25, 0.75]);
  assert.deepEqual(once, { zoom: 2, x: -0.25, y: -0.75 });
  const twice = zoomed(once, 3, [0.4, 0.1]);
  const under = (0.4 - once.x) / once.zoom;
  assert.ok(Math.abs(seen(twice, under) - 0.4) < 1e-9);
});

test("no zoom is smaller than what fits, nor larger than what is of use", () => {
  assert.deepEqual(zoomed({ zoom: 2, x: -1, y: 0 }, 0.1, [0.5, 0.5]), FIT);
  assert.equal(zoomed(FIT, 1e6, [0.5, 0.5]).zoom, MOST);
});

test("the pictures cannot be moved off their pane", () => {
  const close = zoomed(FIT, 4, [0.5, 0.5]);
  assert.deepEqual(moved(close, [9, 9]), { zoom: 4, x: 0, y: 0 });
  assert.deepEqual(moved(close, [-9, -9]), { zoom: 4, x: -3, y: -3 });
  assert.deepEqual(moved(FIT, [0.3, -0.3]), FIT);
});

test("equal shapes fill their panes, others are in the middle of one between them", () => {
  assert.equal(
    shape([
      [600, 400],
      [1536, 1024],
    ]),
    1.5,
  );
  const square = shape([
    [600, 400],
    [400, 600],
  ]);
  assert.ok(Math.abs(square - 1) < 1e-9);
  assert.deepEqual(seat([600, 400], 1.5), [0, 0, 1, 1]);
  const [left, top, width, height] = seat([400, 600], 1);
  assert.ok(Math.abs(left - 1 / 6) < 1e-9 && top === 0);
  assert.ok(Math.abs(width - 2 / 3) < 1e-9 && height === 1);
  assert.ok(alike([600, 400], [1536, 1024]) && !alike([600, 400], [400, 600]));
});

test("each key does one thing", () => {
  assert.deepEqual(act(pressed("d", "KeyD"), 2), { do: "mode", mode: "difference" });
  assert.deepEqual(act(pressed("K", "KeyK", true), 2), { do: "mode", mode: "blink" });
  assert.deepEqual(act(pressed(" ", "Space"), 2), { do: "swap" });
  assert.deepEqual(act(pressed("?", "Slash", true), 2), { do: "help" });
  assert.equal(act(pressed("x", "KeyX"), 2), undefined);
});

test("digits pick the right one, with Shift the left one, wherever a keyboard has its signs", () => {
  assert.deepEqual(act(pressed("3", "Digit3"), 3), { do: "right", side: 2 });
  assert.deepEqual(act(pressed("#", "Digit3", true), 3), { do: "left", side: 2 });
  assert.deepEqual(act(pressed("é", "Digit2"), 3), { do: "right", side: 1 }); // on a French one
  assert.equal(act(pressed("4", "Digit4"), 3), undefined);
  assert.deepEqual(act(pressed("*", "Digit8", true), 8), { do: "star" }); // on an American one
  assert.deepEqual(act(pressed("0", "Digit0"), 3), { do: "fit" });
});

test("a difference is measured and told", () => {
  const black = new Uint8ClampedArray([0, 0, 0, 255, 0, 0, 0, 255]);
  assert.equal(told(measured(black)), "Not one pixel differs.");
  const faint = new Uint8ClampedArray([4, 0, 0, 255, 0, 0, 0, 255]);
  assert.deepEqual(measured(faint), { most: 1, share: 0 });
  assert.match(told(measured(faint)), /^No pixel differs visibly\./);
  const half = new Uint8ClampedArray([0, 200, 0, 255, 0, 0, 0, 255]);
  assert.deepEqual(measured(half), { most: 50, share: 0.5 });
  assert.match(told(measured(half)), /^50 % of the pixels differ visibly\./);
});
