import assert from "node:assert/strict";
import { test } from "node:test";
import type { AnyModel } from "@anywidget/types";
import { GONE } from "../src/asking";
import type { Urls } from "../src/dom";
import { item } from "../src/gallery/rows";
import { thumbs } from "../src/gallery/thumbs";
import { linked, type Traits, wired } from "../src/gallery/wired";
import { Comm } from "./fakes";

const encoded = (value: unknown) => new DataView(new TextEncoder().encode(JSON.stringify(value)).buffer);

/** A gallery's end of the connection, and Python's. */
function supplied() {
  const comm = new Comm();
  comm.set("total", 3);
  comm.set("first", [{ id: "c" }]);
  comm.set("edition", 1);
  const ended = new AbortController();
  const link = linked(comm as unknown as AnyModel<Traits>, ended.signal);
  const answer = (message: object, ...buffers: DataView[]) => {
    const s = comm.sent.at(-1)?.s;
    comm.emit("msg:custom", { s, ...message }, buffers);
    comm.emit("msg:custom", { k: "ack", s }, []);
  };
  return { comm, link, supply: wired(link), answer };
}

test("rows come as they are asked for, and what is left out of one is empty", async () => {
  const { comm, supply, answer } = supplied();
  assert.deepEqual(
    supply.first().map(({ id, state, tags }) => [id, state, tags]),
    [["c", "ok", []]],
  );
  const more = supply.more(1);
  assert.deepEqual(comm.sent.at(-1), { k: "rows", edition: 1, from: 1, s: comm.sent.at(-1)?.s });
  answer({ k: "rows" }, encoded([{ id: "b", prompt: "Blau" }, { id: "a" }]));
  assert.deepEqual(
    (await more).map(({ id, said }) => [id, said.trim()]),
    [
      ["b", "blau"],
      ["a", ""],
    ],
  );
});

test("a problem is an error with Python's words, and another view's answers are nobody's", async () => {
  const { comm, supply, answer } = supplied();
  const cell = supply.cell(item({ id: "c" }));
  comm.emit("msg:custom", { k: "cell", s: -1, text: "not mine" }, []);
  comm.answer(-1);
  comm.answer(comm.sent.at(-1)?.s ?? 0, "It is not here any more.");
  await assert.rejects(cell, { message: "It is not here any more." });
  const other = supply.cell(item({ id: "c" }));
  answer({ k: "cell", text: "%%imgedit" });
  assert.equal(await other, "%%imgedit");
});

test("without a kernel what is asked, and what is asked from then on, is told so", async () => {
  const { comm, link, supply } = supplied();
  const asked = supply.newer?.();
  comm.dead = true;
  await assert.rejects(supply.thumbs(["x"]), { message: GONE });
  await assert.rejects(asked ?? Promise.resolve(), { message: GONE });
  assert.ok(link.gone());
});

test("thumbnails keep their order beside those that are missing", async () => {
  const { supply, answer } = supplied();
  const asked = supply.thumbs(["x", "y", "z"]);
  const [one, other] = [encoded(1), encoded(2)];
  answer({ k: "thumbs", troubles: ["", "It is damaged.", ""] }, one, other);
  assert.deepEqual(await asked, [one, "It is damaged.", other]);
});

test("others are heard of once they are there", () => {
  const { comm, supply } = supplied();
  let heard = 0;
  supply.onChange?.(() => {
    heard += 1;
  });
  comm.set("total", 4);
  assert.equal(heard, 0);
  comm.set("edition", 2);
  assert.equal(heard, 1);
});

/** Thumbnails whose answers are held back. */
function held() {
  const asked: string[][] = [];
  const waiting: (() => void)[] = [];
  const released: string[] = [];
  let made = 0;
  const url = Object.assign(() => `blob:${++made}`, { release: (old: string) => void released.push(old) });
  const supply = {
    thumbs: (wanted: string[]) => {
      asked.push(wanted);
      return new Promise<DataView[]>((resolve) => waiting.push(() => resolve(wanted.map(() => encoded(0)))));
    },
  };
  let arrived = 0;
  const all = thumbs(supply, url as unknown as Urls, () => {
    arrived += 1;
  });
  const answer = async () => {
    waiting.shift()?.();
    await new Promise(setImmediate);
  };
  return { all, asked, answer, released, arrived: () => arrived };
}

const names = (from: number, to: number) => [...Array(to - from).keys()].map((at) => `p${at + from}`);

test("what is on the screen is asked for a few at a time, and what has left it is not", async () => {
  const { all, asked, answer } = held();
  all.want(names(0, 100));
  assert.deepEqual(
    asked.map(({ length }) => length),
    [8, 8],
  ); // no more are under way at once
  all.want(names(500, 520)); // scrolled on
  await answer();
  assert.deepEqual(asked.at(-1), names(500, 508));
  await answer();
  await answer();
  assert.deepEqual(asked.at(-1), names(516, 520));
  assert.equal(asked.length, 5);
  assert.ok(all.get("p0")?.url && !all.get("p90"));
});

test("what is there is not asked for again, and of many the ones not wanted for longest are let go", async () => {
  const { all, asked, answer, released } = held();
  for (let from = 0; from < 480; from += 8) {
    all.want(names(from, from + 8));
    await answer();
  }
  assert.equal(asked.length, 60);
  assert.equal(released.length, 80);
  assert.ok(!all.get("p0") && all.get("p100") && all.get("p479"));
  all.want(names(472, 480));
  assert.equal(asked.length, 60);
});

test("a picture that is missing is words in its place", async () => {
  const url = Object.assign(() => "blob:1", { release: () => {} }) as unknown as Urls;
  const all = thumbs({ thumbs: async () => ["It is damaged."] }, url, () => {});
  all.want(["x"]);
  await new Promise(setImmediate);
  assert.deepEqual(all.get("x"), { url: "", trouble: "It is damaged." });
});

test("a star is kept once Python has answered, and what went wrong is said", async () => {
  const { comm, supply } = supplied();
  const row = item({ id: "c" });
  const kept = supply.keeping?.star(row, true);
  const { s, ...message } = comm.sent.at(-1) ?? { s: 0 };
  assert.deepEqual(message, { k: "star", id: "c", on: true });
  comm.answer(s ?? 0);
  await kept;
  const refused = supply.keeping?.tag(row, "a", false);
  comm.answer(comm.sent.at(-1)?.s ?? 0, "The disk is full.");
  await assert.rejects(refused as Promise<void>, { message: "The disk is full." });
  let heard = 0;
  supply.onMarks?.(() => {
    heard += 1;
  });
  comm.set("_marks", { c: { starred: true, tags: [] } });
  assert.deepEqual([supply.marks?.(), heard > 0], [{ c: { starred: true, tags: [] } }, true]);
});
