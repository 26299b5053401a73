/** Two pictures over each other, and a divider to pull between them. */

import { el } from "./dom";
import { commanding, div, on } from "./pieces";

export type Size = [number, number];

const TALLEST = 540; // CSS pixels

/** Where a divider at 0 to 100 goes by a key; undefined if it is not one that moves it. */
export function slide(at: number, key: string, large: boolean): number | undefined {
  const step = large || key.startsWith("Page") ? 10 : 2;
  if (/^(Arrow(Right|Up)|PageUp)$/.test(key)) return Math.min(100, at + step);
  if (/^(Arrow(Left|Down)|PageDown)$/.test(key)) return Math.max(0, at - step);
  return key === "Home" ? 0 : key === "End" ? 100 : undefined;
}

/** Left, top, width and height of a picture contained in a box, centred. */
export function contained([width, height]: Size, [wide, high]: Size): [number, number, number, number] {
  const scale = Math.min(wide / width, high / height);
  return [(wide - width * scale) / 2, (high - height * scale) / 2, width * scale, height * scale];
}

export function frame([width, height]: Size, ...children: Node[]): HTMLElement {
  const box = div("frame", ...children);
  box.style.aspectRatio = `${width} / ${height}`;
  box.style.maxWidth = `${(TALLEST * width) / height}px`;
  return box;
}

export const picture = (src: string, alt: string) => el("img", { src, alt, draggable: "false" });

/** What the two pictures are called, the left one first. */
export type Names = [string, string];

export const lowered = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

export function slider(size: Size, names: Names, left: HTMLElement, right: HTMLElement): HTMLElement {
  const divider = el("div", {
    class: "rqe-divider",
    role: "slider",
    tabindex: 0,
    "aria-label": `Divider: ${lowered(names[0])} at its left, ${lowered(names[1])} at its right`,
  });
  const box = frame(size, left, right, divider);
  box.classList.add("rqe-slider");
  let at = 50;
  const move = (to: number) => {
    at = Math.min(100, Math.max(0, to));
    divider.style.left = `${at}%`;
    left.style.clipPath = `inset(0 ${100 - at}% 0 0)`;
    right.style.clipPath = `inset(0 0 0 ${at}%)`;
    divider.setAttribute("aria-valuenow", at.toFixed());
    divider.setAttribute("aria-valuetext", `${at.toFixed()} %`);
  };
  const follow = ({ clientX, pointerId }: PointerEvent) => {
    const { left: start, width } = box.getBoundingClientRect();
    if (box.hasPointerCapture(pointerId)) move(((clientX - start) / width) * 100);
  };
  on(box, "pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    box.setPointerCapture(event.pointerId);
    divider.focus({ preventScroll: true });
    follow(event);
  });
  on(box, "pointermove", follow);
  on(divider, "keydown", (event) => {
    const to = slide(at, event.key, event.shiftKey);
    if (to === undefined || commanding(event)) return;
    event.preventDefault();
    move(to);
  });
  move(at);
  return box;
}
