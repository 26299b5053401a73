import assert from "node:assert/strict";
import { test } from "node:test";
import { elapsed, newId } from "../src/clock";
import { percent, whatIsEdited } from "../src/hint";
import { count } from "../src/options";
import { asks } from "../src/panel";
import { admit, parts } from "../src/references";
import { brief, opens, step } from "../src/results";

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
  assert.equal(hint(0.004), "Under 1 % of the picture will be edited.");
  assert.equal(hint(0.12), "12 % of the picture will be edited.");
  assert.equal(hint(0.996), "Over 99 % of the picture will be edited.");
  assert.equal(hint(1), "The whole picture is selected: clear the mask or select less.");
});

test("a share is never called nothing if it is something, nor all if it is less", () => {
  assert.deepEqual([0, Number.NaN, 0.0001, 0.01, 0.5, 0.99, 0.9999, 1].map(percent), [
    "nothing",
    "nothing",
    "under 1 %",
    "1 %",
    "50 %",
    "99 %",
    "over 99 %",
    "100 %",
  ]);
});

test("Ctrl or Cmd with Enter asks, other keys with them do not, nor while a text is composed", () => {
  const bare = { ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, isComposing: false };
  const asked = (held: Partial<typeof bare>, key = "Enter") => asks({ ...bare, ...held, key });
  assert.deepEqual([asked({ ctrlKey: true }), asked({ metaKey: true })], [true, true]);
  const others = ["shiftKey", "altKey", "isComposing"].map((name) => asked({ ctrlKey: true, [name]: true }));
  assert.deepEqual([...others, asked({}), asked({ ctrlKey: true }, "a")], Array(5).fill(false));
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

test("one that was there already and comes to the front opens as a new one does", () => {
  assert.equal(opens(["b", "a"], ["a", "b"], "b"), "a");
  assert.equal(opens(["b", "a"], ["a", "b"], undefined), "a");
});

test("under a thumb stand model and take", () => {
  assert.equal(
    brief("azure/openai/painter · take 2 · new · $0.04 · --new makes another"),
    "painter · take 2",
  );
  assert.equal(brief("painter"), "painter");
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
