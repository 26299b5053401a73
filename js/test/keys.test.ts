import assert from "node:assert/strict";
import { test } from "node:test";
import { keyName } from "../src/commands";
import { pulled } from "../src/extend";
import { keyOf } from "../src/keyboard";
import { resized } from "../src/pointer";

type Pressed = Parameters<typeof keyOf>[0];

const press = (key: string, held: Partial<Pressed> = {}, third = false) =>
  keyOf({
    key,
    ctrlKey: false,
    metaKey: false,
    shiftKey: false,
    altKey: false,
    getModifierState: (name) => third && name === "AltGraph",
    ...held,
  });

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
  assert.equal(press("1", { altKey: true }), "");
  assert.equal(press("Delete", { altKey: true }), "");
  assert.equal(press("[", { altKey: true, ctrlKey: true }), "");
});

test("brackets typed with AltGr or Option, as on many keyboards, are brackets", () => {
  assert.equal(press("[", { ctrlKey: true, altKey: true }, true), "["); // Windows
  assert.equal(press("]", {}, true), "]"); // Linux
  assert.equal(press("{", { altKey: true }), "{"); // a Mac's Option
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
