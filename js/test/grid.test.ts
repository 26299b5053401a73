import assert from "node:assert/strict";
import { test } from "node:test";
import type { AnyModel } from "@anywidget/types";
import { GONE } from "../src/asking";
import { item } from "../src/gallery/rows";
import { moved, turned } from "../src/grid/moves";
import { linked, type Traits, wired } from "../src/grid/wired";
import { called, doing, type Head, left, summed } from "../src/grid/words";
import { Comm } from "./fakes";

const head = (now: Partial<Head>): Head => ({
  total: 64,
  made: 0,
  recorded: 0,
  failed: 0,
  cost: "",
  left: null,
  state: "working",
  text: "",
  ...now,
});

test("one line says how it goes, and what came of it", () => {
  const now = head({ made: 8, recorded: 3, failed: 1, cost: "$0.12", left: 19 });
  assert.equal(summed(now), "12 of 64 · 3 recorded · 1 failed · $0.12 so far · about 20 s left");
  assert.equal(summed(head({ state: "cancelling", left: 9 })), "0 of 64 · cancelling…");
  assert.equal(summed(head({ total: 1, made: 1, state: "done" })), "1 edit");
  const over = head({ total: 4, made: 2, recorded: 1, failed: 1, cost: "$0.02", state: "cancelled" });
  assert.equal(summed(over), "4 edits · 2 new · 1 recorded · 1 failed · $0.02 · cancelled");
});

test("what is left is said as roughly as it is known", () => {
  const told = [0.4, 3.2, 19, 54, 56, 200, 4000].map(left);
  const words = ["about 4 s", "about 20 s", "about 55 s", "about 1 min", "about 4 min", "about 2 h"];
  assert.deepEqual(told, ["a moment left", ...words.map((word) => `${word} left`)]);
});

test("a cell is called by its values, and says for how long it has been at it", () => {
  assert.equal(called("a red hat", "low", "take 2"), "a red hat · low · take 2");
  assert.equal(called("", "low", ""), "low");
  assert.equal(doing("waiting for a place", 700), "waiting for a place");
  assert.equal(doing("waiting for a place", 65_000), "waiting for a place, 1 min 05 s");
});

test("arrows move among rows and columns, and stop at their ends", () => {
  const go = (at: number, key: string, far = false) => moved(3, 8, at, key, far); // the last row is short
  assert.deepEqual(
    [go(0, "ArrowRight"), go(2, "ArrowRight"), go(3, "ArrowLeft"), go(7, "ArrowRight")],
    [1, 2, 3, 7],
  );
  assert.deepEqual(
    [go(0, "ArrowUp"), go(4, "ArrowUp"), go(4, "ArrowDown"), go(5, "ArrowDown")],
    [0, 1, 7, 5],
  );
  assert.deepEqual(
    [go(4, "Home"), go(4, "End"), go(7, "End"), go(4, "Home", true), go(0, "End", true)],
    [3, 5, 7, 0, 7],
  );
  assert.equal(go(0, "x"), undefined);
});

test("tabs turn in a circle", () => {
  assert.deepEqual([turned(3, 2, "ArrowRight"), turned(3, 0, "ArrowLeft"), turned(3, 1, "End")], [0, 2, 2]);
  assert.equal(turned(3, 1, "ArrowDown"), undefined);
});

/** A grid's end of the connection, and Python's. */
function connected() {
  const comm = new Comm();
  const link = linked(comm as unknown as AnyModel<Traits>, new AbortController().signal);
  return { comm, link, cells: wired(link) };
}

const bytes = (value: number) => new DataView(new Uint8Array([value]).buffer);

test("pictures that come unasked are told by their places, and answers are not", async () => {
  const { comm, cells } = connected();
  const pushed: unknown[] = [];
  cells.onPushed((place, thumb) =>
    pushed.push([place, typeof thumb === "string" ? thumb : thumb.getUint8(0)]),
  );
  comm.emit("msg:custom", { k: "thumbs", of: [4, 5, 2], troubles: ["", "It is missing.", ""] }, [
    bytes(1),
    bytes(2),
  ]);
  assert.deepEqual(pushed, [
    ["4", 1],
    ["5", "It is missing."],
    ["2", 2],
  ]);
  const asked = cells.thumbs(["7"]);
  const s = comm.sent.at(-1)?.s ?? 0;
  assert.deepEqual(comm.sent.at(-1), { k: "thumbs", of: [7], s });
  comm.emit("msg:custom", { k: "thumbs", s, of: [7], troubles: [""] }, [bytes(9)]);
  assert.equal(((await asked)[0] as DataView).getUint8(0), 9);
  assert.equal(pushed.length, 3);
});

test("a cell is asked for by its place; what goes wrong is an error in Python's words", async () => {
  const { comm, link, cells } = connected();
  const further = cells.further?.(item({ id: "3" }));
  const s = comm.sent.at(-1)?.s ?? 0;
  assert.deepEqual(comm.sent.at(-1), { k: "further", i: 3, s });
  comm.answer(s, "This edit is not there.");
  await assert.rejects(further ?? Promise.resolve(), { message: "This edit is not there." });
  const opened = cells.open(item({ id: "3", prompt: "low" }), 1);
  link.plugged(false);
  await assert.rejects(opened, { message: GONE });
});
