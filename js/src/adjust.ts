/** Growing and feathering the mask: tried on while the sliders move, then kept or dropped. */

import type { Board } from "./board";
import { el, enable } from "./dom";
import type { Echo } from "./echo";

export interface Adjust {
  readonly el: HTMLElement;
  /** Keeps what is tried, for it was seen, and Undo takes it back. */
  keep(): void;
}

export function adjust(board: Board, echo: Echo): Adjust {
  const { link } = board;
  let asked = 0; // the number of the try that is not answered yet
  let wanted = false;
  let trying = false;

  const slider = (label: string, low: number) => {
    const input = el("input", {
      type: "range",
      min: String(low),
      max: "64",
      value: "0",
      "aria-label": `${label} in pixels`,
    });
    const output = el("output", {}, "0 px");
    input.addEventListener("input", () => {
      output.textContent = `${input.value} px`;
      attempt();
    });
    return { input, output, row: el("label", { class: "rqe-pair" }, el("span", {}, label), input, output) };
  };
  const [grow, feather] = [slider("Grow", -64), slider("Feather", 0)];
  const keep = el("button", { class: "primary", onclick: () => settle(true) }, "Keep");
  const drop = el("button", { class: "outlined", onclick: () => settle(false) }, "Drop");
  const attempt = () => {
    setTrying(true);
    if (asked) {
      wanted = true; // the latest wins
      return;
    }
    wanted = false;
    asked = echo.send({ k: "try", grow: Number(grow.input.value), feather: Number(feather.input.value) });
  };
  const setTrying = (now: boolean) => {
    trying = now;
    for (const button of [keep, drop]) enable(button, now);
  };
  const settle = (kept: boolean) => {
    if (!trying) return;
    if (wanted && kept)
      echo.send({ k: "try", grow: Number(grow.input.value), feather: Number(feather.input.value) });
    wanted = false;
    echo.send({ k: "settle", keep: kept });
    reset();
  };
  const reset = () => {
    setTrying(false);
    for (const { input, output } of [grow, feather]) [input.value, output.textContent] = ["0", "0 px"];
  };
  link.hear("ack", ({ s }) => {
    if (s !== asked) return;
    asked = 0;
    if (wanted) attempt();
  });
  link.onWaiting(() => {
    if (link.gone()) [asked, wanted] = [0, false];
  });
  board.replaced.on(reset);
  reset();
  link.signal.addEventListener("abort", () => settle(true));
  const node = el(
    "div",
    { class: "rqe-adjust", role: "group", "aria-label": "Grow and feather" },
    grow.row,
    feather.row,
    el("div", { class: "rqe-group" }, keep, drop),
  );
  return { el: node, keep: () => settle(true) };
}
