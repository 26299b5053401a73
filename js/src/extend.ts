/** The frame around the image that is to be filled: eight handles that pull it outwards, and four numbers. */

import type { Board } from "./board";
import { el } from "./dom";
import type { Box } from "./model";
import { framed, type Point, toScreen } from "./viewport";

/** Which sides a handle moves: left, top, right, bottom. */
const HANDLES: [string, Box][] = [
  ["nw", [1, 1, 0, 0]],
  ["n", [0, 1, 0, 0]],
  ["ne", [0, 1, 1, 0]],
  ["e", [0, 0, 1, 0]],
  ["se", [0, 0, 1, 1]],
  ["s", [0, 0, 0, 1]],
  ["sw", [1, 0, 0, 1]],
  ["w", [1, 0, 0, 0]],
];
const SIDES = ["Left", "Top", "Right", "Bottom"];
const MOST = 4096;

/** The sides after a handle was pulled by so many image pixels. */
export function pulled(start: Box, sides: Box, [dx, dy]: Point): Box {
  const by = [-dx, -dy, dx, dy];
  return start.map((value, side) =>
    Math.max(0, Math.min(MOST, Math.round(value + (sides[side] ?? 0) * (by[side] ?? 0)))),
  ) as Box;
}

export function extension(board: Board): { frame: HTMLElement; sides: HTMLElement } {
  const { link } = board;
  const added = el("div", { class: "rqe-added" });
  const handles = HANDLES.map(([name, sides]) => {
    const node = el("div", { class: `rqe-handle ${name}` });
    drag(board, node, sides);
    return node;
  });
  const frame = el("div", { class: "rqe-outer", "aria-hidden": "true" }, added, ...handles);
  const inputs = SIDES.map((side, index) => {
    const input = el("input", {
      type: "number",
      min: "0",
      max: String(MOST),
      step: "1",
      "aria-label": `Pixels added: ${side}`,
    });
    input.addEventListener("change", () => {
      const value = Math.round(Math.max(0, Math.min(MOST, Number(input.value) || 0)));
      link.set("extend", link.get("extend").map((old, at) => (at === index ? value : old)) as Box);
      board.fit();
    });
    return input;
  });
  const none = el(
    "button",
    { type: "button", class: "outlined", onclick: () => link.set("extend", [0, 0, 0, 0]) },
    "Reset",
  );
  const place = () => {
    const extend = board.extend();
    const used = extend.some((side) => side > 0);
    const active = link.get("tool") === "extend";
    frame.hidden = !used && !active;
    if (frame.hidden) return;
    const view = board.view();
    const box = framed(board.source(), extend);
    const [left, top] = toScreen(view, [box[0], box[1]]);
    const [width, height] = [(box[2] - box[0]) * view.zoom, (box[3] - box[1]) * view.zoom];
    frame.style.transform = `translate(${left}px, ${top}px)`;
    frame.style.width = `${width}px`;
    frame.style.height = `${height}px`;
    frame.toggleAttribute("data-active", active);
    const [l, t, r, b] = extend.map((side) => side * view.zoom) as Box;
    // the frame without the image: two outlines joined by a seam
    const inner = [
      [l, t],
      [l, height - b],
      [width - r, height - b],
      [width - r, t],
      [l, t],
    ].map(([x, y]) => `${x}px ${y}px`);
    added.style.clipPath = `polygon(evenodd, 0 0, 100% 0, 100% 100%, 0 100%, 0 0, ${inner.join(", ")})`;
  };
  const look = () => {
    added.style.setProperty("--rqe-mask", board.color());
    added.style.setProperty("--rqe-share", `${Math.round(board.opacity() * 100)}%`);
  };
  board.moved.on(() => {
    place();
    numbers();
  });
  board.looked.on(look);
  const numbers = () => {
    inputs.forEach((input, side) => {
      if (document.activeElement !== input) input.value = String(board.extend()[side]);
    });
    none.disabled = board.extend().every((side) => !side);
  };
  link.follow(["extend", "tool", "source_size"], () => {
    place();
    numbers();
  });
  look();
  const fields = inputs.map((input, side) =>
    el("label", { class: "rqe-side" }, el("span", {}, SIDES[side] ?? ""), input),
  );
  return {
    frame,
    sides: el("div", { class: "rqe-sides", role: "group", "aria-label": "Extend" }, ...fields, none),
  };
}

function drag(board: Board, node: HTMLElement, sides: Box): void {
  const { link } = board;
  const { signal } = link;
  let from: { at: Point; extend: Box; zoom: number } | null = null;
  node.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button) return;
      event.preventDefault();
      event.stopPropagation();
      board.el.focus({ preventScroll: true });
      node.setPointerCapture(event.pointerId);
      from = { at: board.at(event), extend: board.extend(), zoom: board.view().zoom };
    },
    { signal },
  );
  node.addEventListener(
    "pointermove",
    (event) => {
      if (!from) return;
      event.stopPropagation();
      const at = board.at(event);
      const by: Point = [(at[0] - from.at[0]) / from.zoom, (at[1] - from.at[1]) / from.zoom];
      board.pull(pulled(from.extend, sides, by));
    },
    { signal },
  );
  const end = () => {
    if (!from) return;
    from = null;
    board.pull(null);
  };
  node.addEventListener("pointerup", end, { signal });
  node.addEventListener("pointercancel", end, { signal });
}
