import assert from "node:assert/strict";
import { test } from "node:test";
import { keyName } from "../src/commands";
import { pulled } from "../src/extend";
import { keyOf } from "../src/keyboard";
import { resized } from "../src/pointer";
import { share } from "../src/status";

const press = (key: string, held: Partial<Parameters<typeof keyOf>[0]> = {}) =>
  keyOf({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...held });

test("a key is found under its name, with Cmd as with Ctrl", () => {
  assert.equal(press("b"), "b");
  assert.equal(press("B", { shiftKey: true }), "b");
  assert.equal(press("z", { ctrlKey: true }), "Mod+z");
  assert.equal(press("Z", { metaKey: true, shiftKey: true }), "Mod+Shift+z");
  assert.equal(press("?", { shiftKey: true }), "?");
  assert.equal(press("Backspace"), "Delete");
});

test("a key with Alt is nobody's", () => {
  assert.equal(press("b", { altKey: true }), "");
});

test("keys are written as people know them", () => {
  assert.deepEqual(["b", "Mod+Shift+z", "+", "Delete", "["].map(keyName), [
    "B",
    "Ctrl+Shift+Z",
    "+",
    "Delete",
    "[",
  ]);
});

test("the brush changes by a step at least, within its range", () => {
  assert.equal(resized(1, 1.15, [100, 80]), 2);
  assert.equal(resized(2, 1 / 1.15, [100, 80]), 1);
  assert.equal(resized(1, 1 / 1.15, [100, 80]), 1);
  assert.equal(resized(49, 1.6, [100, 80]), 50);
});

test("a frame is pulled outwards by its handle's sides, never into the image", () => {
  assert.deepEqual(pulled([0, 0, 0, 0], [1, 1, 0, 0], [-30.4, -12.6]), [30, 13, 0, 0]);
  assert.deepEqual(pulled([10, 0, 5, 0], [0, 0, 1, 1], [-50, 8]), [10, 0, 0, 8]);
  assert.deepEqual(pulled([0, 0, 0, 0], [0, 0, 1, 0], [1e9, 0]), [0, 0, 4096, 0]);
});

test("a share never calls something nothing, or a part the whole", () => {
  assert.deepEqual([0, 0.0001, 0.124, 0.9999, 1].map(share), ["nothing", "< 1 %", "12 %", "> 99 %", "100 %"]);
});
