/** Small pictures, to pick by which two are compared. */

import { el } from "../dom";
import type { Side } from "./sights";

export interface Which {
  element: HTMLElement;
  fill(at: number, url: string): void;
  show(left: number, right: number): void;
}

export function which(sides: Side[], pick: (at: number, left: boolean) => void): Which {
  const images = sides.map(() => el("img", { alt: "", draggable: "false", hidden: true }));
  const buttons = images.map((image, at) =>
    el(
      "button",
      { class: "rqe-small", onclick: (event) => pick(at, (event as MouseEvent).shiftKey) },
      image,
      el("span", { class: "rqe-number" }, String(at + 1)),
    ),
  );
  return {
    element: el("div", { class: "rqe-which", role: "group", "aria-label": "Which two" }, ...buttons),
    fill(at, url) {
      Object.assign(images[at] as HTMLImageElement, { src: url, hidden: false });
    },
    show(left, right) {
      for (const [at, button] of buttons.entries()) {
        const side = at === left ? "left" : at === right ? "right" : "";
        const name = `${at + 1}: ${sides[at]?.label}`;
        button.dataset.side = side;
        button.title = `${name}. A click: at the right; with Shift: at the left`;
        button.setAttribute("aria-pressed", String(side !== ""));
        button.setAttribute("aria-label", side ? `${name}, at the ${side}` : name);
      }
    },
  };
}
