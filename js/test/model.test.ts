import assert from "node:assert/strict";
import { test } from "node:test";
import { Comm, linked } from "./fakes";

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

test("an answer to another view is not handed on, one's own with the kind of what it answers", () => {
  const comm = new Comm();
  const [one, other] = [linked(comm).link, linked(comm).link];
  const heard: unknown[] = [];
  one.hear("ack", ({ s, problem }, _, answered) => heard.push([s, problem, answered]));
  comm.answer(other.send({ k: "undo" }), "of the other");
  comm.answer(1, "of nobody");
  const mine = one.send({ k: "redo" });
  comm.answer(mine, "of this one");
  comm.answer(mine, "again");
  assert.deepEqual(heard, [[mine, "of this one", "redo"]]);
});

test("what is waited for can be asked by kind", () => {
  const { link } = linked();
  const [, redo, clear] = [
    link.send({ k: "undo" }),
    link.send({ k: "redo" }),
    link.send({ k: "op", t: "clear" }),
  ];
  assert.deepEqual(link.waiting("op", "redo"), [redo, clear]);
  assert.deepEqual(link.waiting("try"), []);
  assert.equal(link.waiting().length, 3);
});

test("a view has an id where the page is not secure and knows no randomUUID", (t) => {
  t.mock.method(crypto, "randomUUID", () => {
    throw new TypeError("crypto.randomUUID is not a function");
  });
  assert.match(linked().link.view, /^[0-9a-f]{8}$/);
});

test("nothing is waited for any longer once the kernel is gone, however that is found", () => {
  const ends: ((comm: Comm, link: ReturnType<typeof linked>["link"]) => void)[] = [
    (_, link) => link.plugged(false),
    (comm, link) => {
      comm.dead = true;
      link.send({ k: "undo" });
    },
    (comm, link) => {
      comm.dead = true;
      link.set("tool", "erase");
    },
  ];
  for (const end of ends) {
    const { comm, link } = linked();
    const s = link.send({ k: "undo" });
    end(comm, link);
    assert.deepEqual([link.gone(), link.waiting()], [true, []]);
    comm.dead = false;
    link.plugged(true);
    assert.deepEqual([link.gone(), link.waiting()], [false, []]);
    comm.answer(s); // far too late: nobody minds
    assert.deepEqual(link.waiting(), []);
  }
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

test("what the host says of the kernel holds, also where sending into nothing succeeds", () => {
  const { comm, link } = linked();
  const heard: boolean[] = [];
  link.onWaiting(() => heard.push(link.gone()));
  link.plugged(false);
  assert.equal(link.send({ k: "undo" }), 0);
  assert.deepEqual(link.waiting(), []);
  link.plugged(true);
  assert.deepEqual(heard, [true, true, false]);
  assert.notEqual(link.send({ k: "undo" }), 0);
  assert.equal(comm.sent.at(-1)?.s, link.waiting()[0]);
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
