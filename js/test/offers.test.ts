import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outgoing } from "../src/model";
import { describe, GONE, LOST, offers } from "../src/offers";

function desk(kernel = true) {
  const sent: Outgoing[] = [];
  const clock = { now: 1000 };
  const send = (message: Outgoing) => (kernel ? sent.push(message) : 0);
  const list = offers(
    send,
    () => clock.now,
    () => {},
  );
  return { sent, clock, list, texts: () => list.list().map((offer) => describe(offer, clock.now)) };
}

test("an edit is started once, and only when accepted", () => {
  const { sent, list } = desk();
  list.ask("a", "a hat");
  assert.deepEqual(sent, [{ k: "ask", j: "a" }]);
  list.accepted("a");
  list.accepted("a");
  assert.deepEqual(sent.slice(1), [{ k: "start", j: "a" }]);
});

test("cancelled before it was accepted, nothing more is ever sent", () => {
  const { sent, list } = desk();
  list.ask("a", "a hat");
  assert.equal(list.cancel("a"), true);
  list.accepted("a");
  assert.deepEqual(sent, [{ k: "ask", j: "a" }]);
  assert.deepEqual(list.list(), []);
});

test("cancelled after it was started, Python is told", () => {
  const { sent, list } = desk();
  list.ask("a", "a hat");
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
  list.ask("a", "a hat");
  assert.deepEqual(texts(), ["Starting…"]);
  clock.now += 400;
  assert.match(texts()[0] ?? "", /^Queued: the kernel is busy/);
});

test("with no kernel the card says so and that nothing was sent", () => {
  const { list, texts } = desk(false);
  list.ask("a", "a hat");
  assert.deepEqual(texts(), [GONE]);
});

test("a kernel lost before the start sent nothing; after it, that is not known", () => {
  const { list, texts } = desk();
  list.ask("a", "a hat");
  list.ask("b", "a cat");
  list.accepted("b");
  list.gone();
  assert.deepEqual(texts(), [GONE, LOST]);
});

test("a refusal is the card's text, and stays until dismissed", () => {
  const { list, texts } = desk();
  list.ask("a", "a hat");
  list.answered(1, "Too many edits.");
  list.answered(1);
  assert.deepEqual(texts(), ["Too many edits."]);
  assert.equal(list.cancel("a"), true);
  assert.deepEqual(texts(), []);
});

test("the answer to the offer itself does not end the card, that to the start does", () => {
  const { list } = desk();
  list.ask("a", "a hat");
  list.accepted("a");
  list.answered(1);
  assert.equal(list.list().length, 1);
  list.answered(2);
  assert.equal(list.list().length, 0);
});

test("what Python lists is dropped here, the rest kept", () => {
  const { list } = desk();
  list.ask("a", "a hat");
  list.ask("b", "a cat");
  list.listed(["a", "z"]);
  assert.deepEqual(
    list.list().map((offer) => offer.id),
    ["b"],
  );
  assert.equal(list.cancel("a"), false);
});
