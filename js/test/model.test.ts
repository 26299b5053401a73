import assert from "node:assert/strict";
import { test } from "node:test";
import type { AnyModel } from "@anywidget/types";
import { connect, type Traits } from "../src/model";

/** A model whose comm is alive or dead, as ipywidgets' is. */
class Comm {
  readonly sent: { k: string; s: number }[] = [];
  dead = false;
  private readonly heard = new Map<string, Set<(...parts: unknown[]) => void>>();
  private readonly values: Record<string, unknown> = { tool: "brush" };

  get = (name: string) => this.values[name];
  set = (name: string, value: unknown) => {
    this.values[name] = value;
    this.emit(`change:${name}`);
  };
  on = (name: string, then: (...parts: unknown[]) => void) => {
    this.heard.set(name, (this.heard.get(name) ?? new Set()).add(then));
  };
  off = (name: string, then: (...parts: unknown[]) => void) => void this.heard.get(name)?.delete(then);
  emit = (name: string, ...parts: unknown[]) => {
    for (const then of [...(this.heard.get(name) ?? [])]) then(...parts);
  };
  listeners = () => [...this.heard.values()].reduce((sum, each) => sum + each.size, 0);
  save_changes = () => {
    if (this.dead) throw new Error("Cannot send");
  };
  send = (content: { k: string; s: number }) => {
    if (this.dead) throw new Error("Cannot send");
    this.sent.push(content);
  };
}

function linked(comm = new Comm()) {
  const ended = new AbortController();
  return { comm, ended, link: connect(comm as unknown as AnyModel<Traits>, ended.signal) };
}

test("a message waits until its own number is answered", () => {
  const { comm, link } = linked();
  const [first, second] = [link.send({ k: "undo" }), link.send({ k: "redo" })];
  assert.deepEqual(link.waiting(), [first, second]);
  assert.deepEqual(
    comm.sent.map(({ s }) => s),
    [first, second],
  );
  comm.emit("msg:custom", { k: "ack", s: first }, []);
  assert.deepEqual(link.waiting(), [second]);
});

test("two views of one model do not take each other's answers", () => {
  const comm = new Comm();
  const [one, other] = [linked(comm).link, linked(comm).link];
  const [first, second] = [one.send({ k: "undo" }), other.send({ k: "undo" })];
  comm.emit("msg:custom", { k: "ack", s: first }, []);
  assert.deepEqual([one.waiting(), other.waiting()], [[], [second]]);
  assert.notEqual(one.view, other.view);
});

test("a dead comm is found by sending, and nothing is thrown", () => {
  const { comm, link } = linked();
  let told = 0;
  link.onWaiting(() => {
    told += 1;
  });
  comm.dead = true;
  assert.equal(link.send({ k: "undo" }), 0);
  assert.deepEqual([link.gone(), link.waiting(), told], [true, [], 1]);
  link.set("tool", "erase");
  assert.equal(told, 2);
  comm.dead = false;
  assert.notEqual(link.send({ k: "undo" }), 0);
  assert.equal(link.gone(), false);
});

test("a trait is followed at once and on change, until the end; then nothing listens", () => {
  const { comm, ended, link } = linked();
  const seen: string[] = [];
  link.follow("tool", () => seen.push(link.get("tool")));
  link.set("tool", "hand");
  ended.abort();
  link.set("tool", "brush");
  assert.deepEqual(seen, ["brush", "hand"]);
  assert.equal(comm.listeners(), 0);
});

test("each kind of message reaches those who asked for it", () => {
  const { comm, link } = linked();
  const notices: string[] = [];
  link.hear("notice", ({ text }) => notices.push(text));
  comm.emit("msg:custom", { k: "notice", kind: "info", text: "kept" }, []);
  comm.emit("msg:custom", { k: "accepted", j: "1" }, []);
  assert.deepEqual(notices, ["kept"]);
});
