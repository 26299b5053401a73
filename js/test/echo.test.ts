import assert from "node:assert/strict";
import { test } from "node:test";
import { bell } from "../src/bell";
import { type Detail, detail as detailOf } from "../src/detail";
import { echo as echoOf } from "../src/echo";
import type { World } from "../src/mount";
import { add, finished, type Stroke } from "../src/strokes";
import { linked, staged, windowed } from "./fakes";

function echoing() {
  const { canvases, frame } = windowed();
  const { comm, link } = linked();
  const { board } = staged(link);
  const world = { preview: () => null, repainted: bell() };
  const shown = { changed: bell(), photo: () => null, blocks: () => false, shows: () => true, follow() {} };
  const echo = echoOf(board, world as unknown as World, shown as unknown as Detail);
  const over = canvases[1];
  assert.ok(over);
  const stroke = (points: number) => {
    const drawn: Stroke = { t: "brush", w: 10, points: [], pressures: [] };
    for (let x = 0; x < points; x++) {
      add(drawn, [x, 5], 1, 0);
      echo.draw(drawn, x);
    }
    echo.commit(finished(drawn));
  };
  return { comm, link, board, echo, over, frame, world, stroke };
}

test("each point of each stroke is painted once, however many strokes wait", () => {
  const { comm, over, frame, stroke } = echoing();
  for (let round = 0; round < 40; round++) stroke(10);
  frame();
  assert.equal(over.count("arc"), 400);
  assert.equal(comm.sent.length, 40);
});

test("moves of the view are one repaint a frame, and none with nothing to paint", () => {
  const { board, over, frame, stroke } = echoing();
  for (let round = 0; round < 5; round++) board.moved.ring();
  assert.equal(frame(), 1);
  assert.equal(over.count("clearRect"), 0);
  stroke(3);
  for (let round = 0; round < 5; round++) board.moved.ring();
  assert.equal(over.count("arc"), 3);
  assert.equal(frame(), 1);
  assert.equal(over.count("arc"), 6);
});

test("a point drawn before the frame that a move waits for is not painted at the old place", () => {
  const { board, echo, over, frame } = echoing();
  const drawn: Stroke = { t: "brush", w: 10, points: [[1, 1]], pressures: [1] };
  echo.draw(drawn, 0);
  board.moved.ring();
  add(drawn, [9, 9], 1, 0);
  echo.draw(drawn, 1);
  assert.equal(over.count("arc"), 3); // anew, both
  assert.equal(frame(), 0);
});

test("a polygon that crosses itself is filled as Pillow fills it", () => {
  const { echo, over } = echoing();
  echo.commit({
    t: "polygon",
    sub: false,
    points: [
      [0, 0],
      [9, 9],
      [9, 0],
      [0, 9],
    ],
  });
  assert.deepEqual(over.calls.filter(([name]) => name === "fill").at(-1)?.[1], ["evenodd"]);
});

test("what is refused, answered and repainted, or heard by nobody is not painted any longer", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const ends: ((made: ReturnType<typeof echoing>) => void)[] = [
    ({ comm, link }) => comm.answer(link.waiting()[0] ?? 0, "refused"),
    ({ comm, link, world }) => {
      comm.answer(link.waiting()[0] ?? 0);
      world.repainted.ring();
    },
    ({ comm, link }) => {
      comm.answer(link.waiting()[0] ?? 0);
      t.mock.timers.tick(1000);
    },
    ({ link }) => link.plugged(false),
  ];
  for (const end of ends) {
    const made = echoing();
    made.stroke(2);
    assert.equal(made.frame(), 0);
    end(made);
    const before = made.over.count("arc");
    assert.equal(made.frame(), 1);
    made.board.moved.ring();
    made.frame();
    assert.equal(made.over.count("arc"), before);
  }
});

test("a stroke drawn while the kernel is gone goes when it ends", () => {
  const { link, over, frame, stroke } = echoing();
  link.plugged(false);
  stroke(2);
  assert.equal(over.count("arc"), 2);
  assert.equal(over.count("clearRect"), 1);
  frame();
  assert.deepEqual([over.count("arc"), over.count("clearRect")], [2, 2]);
});

test("a view whose question died with its kernel asks anew once one is back", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  windowed();
  const { comm, link } = linked();
  comm.set("source_size", [1000, 800]);
  const { board } = staged(link);
  detailOf(board, { preview: () => ({ width: 100, height: 80 }) } as unknown as World);
  const asked = () => comm.sent.filter(({ k }) => k === "view").length;
  const rest = () => t.mock.timers.tick(1000);
  board.moved.ring();
  rest();
  assert.equal(asked(), 1);
  board.moved.ring();
  rest();
  assert.equal(asked(), 1); // one question at a time
  link.plugged(false);
  rest();
  link.plugged(true);
  rest();
  assert.equal(asked(), 2);
  assert.equal(link.waiting().length, 1);
});
