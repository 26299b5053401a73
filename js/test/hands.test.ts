import assert from "node:assert/strict";
import { test } from "node:test";
import { bell } from "../src/bell";
import { commands } from "../src/commands";
import type { Echo } from "../src/echo";
import { keyboard } from "../src/keyboard";
import type { Marks } from "../src/marks";
import type { Tool } from "../src/model";
import type { World } from "../src/mount";
import { pointer } from "../src/pointer";
import { isStroke, type Op } from "../src/strokes";
import { tools as toolsOf } from "../src/tools";
import { event, linked, type SentMessage, staged } from "./fakes";

Object.assign(globalThis, { window: globalThis });

/** A stage with its tools, a pointer and a keyboard, and what they draw. */
function hands(tool: Tool) {
  const { comm, link } = linked();
  link.set("tool", tool);
  const { board, said } = staged(link);
  const drawn: Op[] = [];
  const echo = {
    draw: () => {},
    begin: () => {},
    commit: (op: Op) => drawn.push(op),
    send: (message: Parameters<Echo["send"]>[0]) => link.send(message),
  } as unknown as Echo;
  const tools = toolsOf(board, { preview: () => null, repainted: bell() } as unknown as World, echo);
  const marks = { point: () => {}, where: () => null, keyed: () => false } as unknown as Marks;
  const hand = pointer(board, tools, marks);
  const all = commands(board, echo, () => {});
  keyboard(board, tools, marks, hand, all);
  const at = (
    kind: string,
    pointerType: string,
    pointerId: number,
    [clientX, clientY]: [number, number],
    pressure = 0.5,
  ) =>
    board.el.dispatchEvent(
      event(`pointer${kind}`, { pointerType, pointerId, clientX, clientY, pressure, button: 0 }),
    );
  const key = (name: string, held: object = {}) => {
    const pressed = event("keydown", { key: name, repeat: false, getModifierState: () => false, ...held });
    board.el.dispatchEvent(pressed);
    return pressed.defaultPrevented;
  };
  const corners = () => {
    const draft = tools.draft();
    return draft?.kind === "polygon" ? draft.points : null;
  };
  return { comm, link, board, tools, all, drawn, said, at, key, corners };
}

test("a palm that comes down while a pen draws is nobody's", () => {
  const { drawn, at, board } = hands("brush");
  const view = board.view();
  at("down", "pen", 1, [10, 10]);
  at("down", "touch", 2, [300, 300]);
  at("move", "pen", 1, [20, 10]);
  at("move", "touch", 2, [310, 300]);
  at("down", "touch", 3, [400, 300]);
  at("move", "touch", 3, [350, 300]);
  at("up", "touch", 2, [310, 300]);
  at("cancel", "touch", 3, [350, 300]);
  at("move", "pen", 1, [30, 10]);
  at("up", "pen", 1, [30, 10]);
  assert.deepEqual(
    drawn.map(({ points }) => points),
    [
      [
        [10, 10],
        [20, 10],
        [30, 10],
      ],
    ],
  );
  assert.equal(board.view(), view);
});

for (const kind of ["mouse", "pen"]) {
  test(`a ${kind} waits while a finger draws`, () => {
    const { drawn, at } = hands("brush");
    at("down", "touch", 2, [10, 10]);
    at("down", kind, 1, [200, 200]);
    at("move", kind, 1, [210, 200]);
    at("up", kind, 1, [210, 200]);
    at("move", "touch", 2, [20, 10]);
    at("up", "touch", 2, [20, 10]);
    assert.deepEqual(
      drawn.map(({ points }) => points.length),
      [2],
    );
    at("down", kind, 1, [200, 200]);
    at("up", kind, 1, [200, 200]);
    assert.equal(drawn.length, 2);
  });
}

test("a pen's even and light pressure reaches the stroke, as a line too", () => {
  const { drawn, at } = hands("brush");
  at("down", "pen", 1, [10, 10], 0.2);
  at("up", "pen", 1, [10, 10], 0);
  const shift = (kind: string, clientX: number) => {
    const held = {
      pointerType: "pen",
      pointerId: 1,
      clientX,
      clientY: 9,
      pressure: 0.2,
      button: 0,
      shiftKey: true,
    };
    return event(kind, held);
  };
  const other = hands("brush");
  for (const each of [shift("pointerdown", 10), shift("pointermove", 90), shift("pointerup", 90)])
    other.board.el.dispatchEvent(each);
  assert.deepEqual(
    [...drawn, ...other.drawn].map((op) => isStroke(op) && op.pressures),
    [[0.2], [0.2, 0.2]],
  );
});

test("a second finger drops a stroke and zooms", () => {
  const { drawn, at, board } = hands("brush");
  at("down", "touch", 1, [100, 100]);
  at("move", "touch", 1, [110, 100]);
  at("down", "touch", 2, [200, 100]);
  at("move", "touch", 2, [290, 100]);
  at("up", "touch", 1, [110, 100]);
  at("up", "touch", 2, [290, 100]);
  assert.deepEqual(drawn, []);
  assert.equal(board.view().zoom, 2);
});

test("a pinch takes back the corner that its first finger set, and no other", () => {
  const { at, corners } = hands("polygon");
  const tap = (x: number, y: number) => {
    at("down", "touch", 1, [x, y]);
    at("up", "touch", 1, [x, y]);
  };
  tap(10, 10);
  tap(200, 10);
  const before = corners();
  at("down", "touch", 1, [300, 300]);
  assert.equal(corners()?.length, 3);
  at("down", "touch", 2, [400, 300]);
  at("move", "touch", 2, [420, 300]);
  at("up", "touch", 1, [300, 300]);
  at("up", "touch", 2, [420, 300]);
  assert.deepEqual(corners(), before);
  at("down", "touch", 1, [10, 300]);
  at("cancel", "touch", 1, [10, 300]);
  assert.deepEqual(corners(), before);
});

test("a pinch with nothing but its own corner leaves nothing begun", () => {
  const { at, tools } = hands("polygon");
  at("down", "touch", 1, [10, 10]);
  at("down", "touch", 2, [90, 10]);
  assert.equal(tools.draft(), null);
});

test("a stroke whose end nobody told of ends with the capture, and the next can begin", () => {
  const { board, drawn, at } = hands("brush");
  at("down", "pen", 1, [10, 10]);
  board.el.dispatchEvent(event("lostpointercapture", { pointerId: 1 }));
  at("down", "pen", 2, [50, 50]);
  at("up", "pen", 2, [50, 50]);
  assert.equal(drawn.length, 2);
});

test("of a key that is held only arrows, undo, brush size and zoom act again; the others do nothing", () => {
  const { comm, link, board, drawn, key } = hands("brush");
  comm.set("can_undo", true);
  for (const name of ["Enter", "i", "m", "s"]) assert.ok(key(name, { repeat: true }), name);
  assert.deepEqual([drawn, comm.sent, link.get("subtract")], [[], [], false]);
  key("z", { ctrlKey: true, repeat: true });
  assert.equal(comm.sent.at(-1)?.k, "undo");
  key("]", { repeat: true });
  assert.equal(link.get("brush"), 23);
  key("+", { repeat: true });
  assert.equal(board.view().zoom, 1.25);
  key("Enter");
  assert.equal(drawn.length, 1);
  assert.ok(!key("s", { ctrlKey: true, repeat: true })); // not the editor's
});

test("a held Backspace takes back corners and never clears the mask", () => {
  const { comm, key, at, corners } = hands("polygon");
  at("down", "mouse", 1, [10, 10]);
  at("up", "mouse", 1, [10, 10]);
  assert.equal(corners()?.length, 1);
  assert.ok(key("Backspace"));
  assert.equal(corners(), null);
  for (let round = 0; round < 3; round++) assert.ok(key("Backspace", { repeat: true }));
  assert.deepEqual(comm.sent, []);
  assert.ok(key("Backspace"));
  assert.equal((comm.sent as SentMessage[]).at(-1)?.t, "clear");
});

test("what is on its way can be undone, by key as by button", () => {
  const { comm, link, all, said, key } = hands("brush");
  assert.deepEqual([all.undo.can?.(), all.redo.can?.()], [false, false]);
  key("z", { ctrlKey: true });
  assert.deepEqual([comm.sent, said], [[], ["nothing to undo"]]);
  link.send({ k: "view", v: link.view, box: [0, 0, 1, 1], edge: 1 });
  assert.equal(all.undo.can?.(), false); // a look at it changes nothing
  key("i");
  assert.deepEqual([all.undo.can?.(), all.redo.can?.()], [true, false]);
  key("z", { ctrlKey: true });
  assert.deepEqual([comm.sent.at(-1)?.k, all.redo.can?.()], ["undo", true]);
  for (const { s } of comm.sent) comm.answer(s);
  assert.deepEqual([all.undo.can?.(), all.redo.can?.()], [false, false]);
});
