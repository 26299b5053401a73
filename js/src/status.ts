/** The line below the stage, and the notices under it. */

import type { Board } from "./board";
import { TOOL_LABELS } from "./commands";
import { el } from "./dom";

const BUSY = 400; // ms before an unanswered message is worth a word
const SILENT = 4000; // ms after which a view that never heard anything says so
const CALM = 250; // ms: the line is read aloud, so it settles first

export function status(board: Board): { line: HTMLElement; notices: HTMLElement } {
  const { link } = board;
  const text = el("span");
  const trouble = el("span", { class: "rqe-trouble" });
  const line = el("div", { class: "rqe-status", role: "status" }, text, trouble);
  const notices = el("div", { class: "rqe-notices" });
  let heard = false;
  let [calm, slow, silent] = [0, 0, 0];

  const describe = () => {
    const tool = link.get("tool");
    const [width, height] = board.source();
    const parts = [
      tool === "brush" || tool === "erase"
        ? `${TOOL_LABELS[tool][0]} ${Math.round(link.get("brush"))} px`
        : TOOL_LABELS[tool][0],
    ];
    parts.push(`${share(link.get("mask_share"))} selected`);
    parts.push(`${Math.round(board.view().zoom * (window.devicePixelRatio || 1) * 100)} %`);
    parts.push(`${width} × ${height}`);
    if (board.hidden()) parts.push("mask hidden");
    const wanted = parts.join(" · ");
    if (text.textContent !== wanted) text.textContent = wanted;
  };
  const soon = () => {
    clearTimeout(calm);
    calm = window.setTimeout(describe, CALM);
  };
  const say = (words: string) => {
    if (trouble.textContent !== words) trouble.textContent = words;
  };
  const queue = () => {
    clearTimeout(slow);
    clearTimeout(silent);
    if (link.gone()) return say("The kernel is gone: run the cell again");
    if (!link.waiting().length) return say("");
    slow = window.setTimeout(say, BUSY, "queued: the kernel is busy");
    if (!heard)
      silent = window.setTimeout(
        say,
        SILENT,
        "no kernel has answered yet: run the cell again if it stays so",
      );
  };
  link.hear("ack", ({ problem }) => {
    heard = true;
    if (problem) notice("error", problem);
  });
  link.hear("notice", ({ kind, text: words }) => notice(kind, words));
  const notice = (kind: "info" | "warning" | "error", words: string) => {
    const node = el(
      "div",
      { class: `rqe-notice ${kind}`, role: kind === "error" ? "alert" : "status" },
      el("span", {}, words),
      el("button", { type: "button", "aria-label": "Dismiss", onclick: () => node.remove() }, "×"),
    );
    for (const old of notices.children) if (old.firstChild?.textContent === words) old.remove();
    notices.append(node);
    while (notices.children.length > 3) notices.firstChild?.remove();
  };
  link.follow(["tool", "brush", "mask_share", "source_size"], soon);
  board.moved.on(soon);
  board.looked.on(soon);
  link.onWaiting(queue);
  describe();
  link.signal.addEventListener("abort", () => {
    for (const timer of [calm, slow, silent]) clearTimeout(timer);
  });
  return { line, notices };
}

/** A share in words that never call something nothing, or less than all all. */
export function share(value: number): string {
  const percent = (value || 0) * 100;
  if (percent <= 0) return "nothing";
  if (percent < 1) return "< 1 %";
  if (percent > 99 && percent < 100) return "> 99 %";
  return `${Math.round(percent)} %`;
}
