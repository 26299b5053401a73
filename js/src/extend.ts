/** The frame around the image that is to be filled: eight handles that pull it outwards, and four numbers. */

import type { Board } from "./board";
import { el, enable } from "./dom";
import type { Box } from "./model";
import { framed, type Point, toScreen } from "./viewport";

const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
const COMPASS = ["w", "n", "e", "s"]; // left, top, right, bottom
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
  const handles = HANDLES.map((name) => el("div", { class: `rqe-handle ${name}` }));
  const frame = el("div", { class: "rqe-outer", "aria-hidden": "true" }, added, ...handles);
  drag(board, frame, (handle) => {
    const name = HANDLES[handles.indexOf(handle as HTMLDivElement)];
    return name === undefined ? null : (COMPASS.map((side) => Number(name.includes(side))) as Box);
  });
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
      input.value = String(value);
      if (value === link.get("extend")[index]) return;
      link.set("extend", link.get("extend").map((old, at) => (at === index ? value : old)) as Box);
      board.fit();
    });
    return input;
  });
  const none = el("button", { class: "outlined", onclick: () => link.set("extend", [0, 0, 0, 0]) }, "Reset");
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
      if (!input.matches(":focus")) input.value = String(board.extend()[side]);
    });
    enable(
      none,
      board.extend().some((side) => side > 0),
    );
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

/** Pulling the handles: one at a time, by one pointer; Escape and a pointer that is taken away drop it. */
function drag(board: Board, frame: HTMLElement, sidesOf: (handle: EventTarget | null) => Box | null): void {
  let pull: { id: number; sides: Box; at: Point; extend: Box; zoom: number } | null = null;
  const end = (keep: boolean, id = pull?.id) => {
    if (!pull || pull.id !== id) return;
    pull = null;
    board.pull(null, keep);
  };
  frame.addEventListener("pointerdown", (event) => {
    const sides = sidesOf(event.target);
    if (!sides || event.button) return;
    event.preventDefault();
    event.stopPropagation();
    if (pull && pull.id !== event.pointerId) return;
    board.el.focus({ preventScroll: true });
    (event.target as HTMLElement).setPointerCapture(event.pointerId);
    const { zoom } = board.view();
    pull = { id: event.pointerId, sides, at: board.at(event), extend: board.extend(), zoom };
  });
  frame.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pull?.id) return;
    event.stopPropagation();
    const at = board.at(event);
    const by: Point = [(at[0] - pull.at[0]) / pull.zoom, (at[1] - pull.at[1]) / pull.zoom];
    board.pull(pulled(pull.extend, pull.sides, by));
  });
  frame.addEventListener("pointerup", ({ pointerId }) => end(true, pointerId));
  for (const kind of ["pointercancel", "lostpointercapture"] as const)
    frame.addEventListener(kind, ({ pointerId }) => end(false, pointerId));
  board.el.addEventListener("keydown", ({ key }) => key === "Escape" && end(false));
}
