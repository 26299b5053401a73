import assert from "node:assert/strict";
import { test } from "node:test";
import { elapsed, newId } from "../src/clock";
import { whatIsEdited } from "../src/hint";
import { count } from "../src/options";
import { admit, parts } from "../src/references";
import { opens, step } from "../src/results";

test("elapsed time is whole seconds, then minutes", () => {
  assert.deepEqual([-5, 999, 59_999, 65_000].map(elapsed), ["0 s", "0 s", "59 s", "1 min 05 s"]);
});

test("ids are eight hexadecimal digits and differ", () => {
  const ids = Array.from({ length: 50 }, newId);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}$/);
  assert.equal(new Set(ids).size, 50);
});

test("the hint tells what is edited", () => {
  const hint = (share: number) => whatIsEdited(share, [0, 0, 0, 0], [100, 80]);
  assert.equal(hint(0), "The whole picture will be edited: nothing is selected.");
  assert.equal(hint(0.004), "Less than 1 % of the picture will be edited.");
  assert.equal(hint(0.12), "12 % of the picture will be edited.");
  assert.equal(hint(0.996), "More than 99 % of the picture will be edited.");
  assert.equal(hint(1), "The whole picture is selected: clear the mask or select less.");
});

test("the hint tells what an extension adds", () => {
  const hint = (share: number) => whatIsEdited(share, [10, 0, 20, 5], [100, 80]);
  assert.equal(hint(0), "The picture will be extended to 130 × 85; only what is added will be drawn.");
  assert.match(hint(0.5), /what is added and 50 % of it/);
  assert.match(hint(1), /; all of it will be drawn/);
});

test("the number of pictures is a whole one from 1 to 10, or what it was", () => {
  assert.deepEqual(
    ["3", "0", "99", "2.6", "", "many"].map((text) => count(text, 4)),
    [3, 1, 10, 3, 4, 4],
  );
});

test("a file is cut into parts that follow each other", () => {
  const kib = 1024;
  assert.deepEqual(parts(0), [[0, 0]]);
  assert.deepEqual(parts(512 * kib), [[0, 512 * kib]]);
  const cuts = parts(512 * kib * 2 + 1);
  assert.deepEqual(cuts.at(-1), [1024 * kib, 1024 * kib + 1]);
  assert.equal(cuts.length, 3);
});

test("every file that is not added is named", () => {
  const file = (name: string, type = "image/png", size = 10) => ({ name, type, size });
  const files = [
    file("a.png"),
    file("b.txt", "text/plain"),
    file("c.png", "image/png", 50 * 1024 ** 2 + 1),
    file("d.png"),
  ];
  const { taken, problems } = admit(files, 14);
  assert.deepEqual(
    taken.map((one) => one.name),
    ["a.png"],
  );
  for (const name of ["b.txt", "c.png", "d.png"])
    assert.ok(
      problems.some((text) => text.includes(name)),
      name,
    );
});

test("a new result opens if none was open or the newest was", () => {
  assert.equal(opens([], ["a"], undefined), "a");
  assert.equal(opens(["a"], ["b", "a"], "a"), "b");
  assert.equal(opens(["b", "a"], ["c", "b", "a"], "a"), "a");
});

test("nothing opens by itself without a new result, and what is gone is closed", () => {
  assert.equal(opens(["a"], ["a"], undefined), undefined);
  assert.equal(opens(["b", "a"], ["a"], "b"), undefined);
  assert.equal(opens(["b", "a"], ["a"], "a"), "a");
});

test("the focus moves along the strip and stops at its ends", () => {
  assert.deepEqual(
    [
      step(0, 3, "ArrowLeft"),
      step(0, 3, "ArrowRight"),
      step(2, 3, "ArrowRight"),
      step(2, 3, "Home"),
      step(0, 3, "End"),
    ],
    [0, 1, 2, 0, 2],
  );
  assert.equal(step(0, 3, "Enter"), undefined);
});
