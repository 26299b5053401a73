import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outgoing, Settings } from "../src/model";
import { describe, GONE, LOST, offers } from "../src/offers";

const wish = (prompt: string): Settings => ({
  prompt,
  model: "offline/painter",
  size: "auto",
  quality: "auto",
  n: 1,
  background: "auto",
  output_format: "auto",
  extend: [0, 0, 0, 0],
});
const HAT = wish("a hat");
const CAT = wish("a cat");

/** Offers at a desk whose messages are numbered from 11 on; `strokes` have lower numbers. */
function desk(kernel = true, strokes: number[] = []) {
  const sent: Outgoing[] = [];
  const drawn = new Set(strokes);
  const clock = { now: 1000 };
  const list = offers({
    send(message) {
      if (!kernel) return 0;
      const number = 10 + sent.push(message);
      list.advance(); // as the link tells of what is sent
      return number;
    },
    behind: () => drawn.size > 0,
    now: () => clock.now,
    changed: () => {},
  });
  const answer = (number: number, problem?: string) => {
    drawn.delete(number);
    list.advance();
    list.answered(number, problem);
  };
  const kinds = () => sent.map((message) => `${message.k} ${"j" in message ? message.j : ""}`);
  return {
    sent,
    kinds,
    answer,
    clock,
    list,
    texts: () => list.list().map((offer) => describe(offer, clock.now)),
  };
}

test("an edit is started once, and only when accepted", () => {
  const { sent, list } = desk();
  list.ask("a", HAT);
  assert.deepEqual(sent, [{ k: "ask", j: "a", settings: HAT }]);
  list.accepted("a");
  list.accepted("a");
  assert.deepEqual(sent.slice(1), [{ k: "start", j: "a" }]);
});

test("an edit is not offered before all that was drawn is answered, and then with the settings of the click", () => {
  const { sent, answer, clock, list, texts } = desk(true, [3, 4]);
  list.ask("a", HAT);
  clock.now += 400;
  answer(4); // by another shell than the one that still has the first stroke
  list.accepted("a");
  assert.deepEqual(sent, []);
  assert.match(texts()[0] ?? "", /^Queued: the kernel is busy. Nothing is sent yet/);
  answer(3);
  assert.deepEqual(sent, [{ k: "ask", j: "a", settings: HAT }]);
  list.accepted("a");
  assert.deepEqual(sent.slice(1), [{ k: "start", j: "a" }]);
});

test("edits do not wait for each other", () => {
  const { kinds, list } = desk();
  list.ask("a", HAT);
  list.ask("b", CAT);
  assert.deepEqual(kinds(), ["ask a", "ask b"]);
});

test("edits that waited are offered in their order, each once", () => {
  const { kinds, answer, list } = desk(true, [3]);
  list.ask("a", HAT);
  list.ask("b", CAT);
  list.ask("c", HAT);
  list.cancel("b");
  answer(3);
  list.advance();
  assert.deepEqual(kinds(), ["ask a", "ask c"]);
});

test("cancelled while it waits, nothing is ever sent", () => {
  const { sent, answer, list } = desk(true, [3]);
  list.ask("a", HAT);
  assert.equal(list.cancel("a"), true);
  answer(3);
  list.accepted("a");
  assert.deepEqual(sent, []);
});

test("cancelled before it was accepted, nothing more is ever sent", () => {
  const { sent, list } = desk();
  list.ask("a", HAT);
  assert.equal(list.cancel("a"), true);
  list.accepted("a");
  assert.equal(sent.length, 1);
  assert.deepEqual(list.list(), []);
});

test("cancelled after it was started, Python is told", () => {
  const { sent, list } = desk();
  list.ask("a", HAT);
  list.accepted("a");
  list.cancel("a");
  assert.deepEqual(sent.at(-1), { k: "cancel", j: "a" });
});

test("another view's acceptance starts nothing", () => {
  const { sent, list } = desk();
  list.accepted("b");
  assert.deepEqual(sent, []);
});

test("a busy kernel is named after a while", () => {
  const { clock, list, texts } = desk();
  list.ask("a", HAT);
  assert.deepEqual(texts(), ["Starting…"]);
  clock.now += 400;
  assert.match(texts()[0] ?? "", /^Queued: the kernel is busy/);
});

test("with no kernel the card says so and that nothing was sent", () => {
  const { list, texts } = desk(false);
  list.ask("a", HAT);
  assert.deepEqual(texts(), [GONE]);
});

test("a kernel lost before the start sent nothing; after it, that is not known", () => {
  const { list, texts } = desk();
  list.ask("a", HAT);
  list.ask("b", CAT);
  list.accepted("b");
  list.gone();
  assert.deepEqual(texts(), [GONE, LOST]);
});

test("a kernel lost while an edit waited sent nothing", () => {
  const { sent, answer, list, texts } = desk(true, [3]);
  list.ask("a", HAT);
  list.gone();
  answer(3);
  assert.deepEqual(sent, []);
  assert.deepEqual(texts(), [GONE]);
});

test("a refusal is the card's text, and stays until dismissed", () => {
  const { answer, list, texts } = desk();
  list.ask("a", HAT);
  answer(11, "Too many edits.");
  answer(11);
  assert.deepEqual(texts(), ["Too many edits."]);
  assert.equal(list.cancel("a"), true);
  assert.deepEqual(texts(), []);
});

test("the answer to the offer itself does not end the card, that to the start does", () => {
  const { answer, list } = desk();
  list.ask("a", HAT);
  list.accepted("a");
  answer(11);
  assert.equal(list.list().length, 1);
  answer(12);
  assert.equal(list.list().length, 0);
});

test("what Python lists is dropped here, the rest kept", () => {
  const { list } = desk();
  list.ask("a", HAT);
  list.ask("b", CAT);
  list.listed(["a", "z"]);
  assert.deepEqual(
    list.list().map((offer) => offer.id),
    ["b"],
  );
  assert.equal(list.cancel("a"), false);
});
