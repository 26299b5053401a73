/** The line below the stage, and the notices under it. */

import type { Board } from "./board";
import { TOOL_LABELS } from "./commands";
import { el } from "./dom";
import { percent } from "./hint";
import type { Outgoing } from "./model";
import { RERUN } from "./offers";
import { dpr } from "./pixels";

const BUSY = 400; // ms before an unanswered message is worth a word
const SILENT = 4000; // ms after which a view that never heard anything says so
// Problems with what the stage sends; the panel and the results show theirs where they arose.
const MINE = new Set<Outgoing["k"]>(["ready", "op", "undo", "redo", "try", "settle", "view"]);
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
    parts.push(`${percent(link.get("mask_share"))} selected`);
    parts.push(`${Math.round(board.view().zoom * dpr() * 100)} %`);
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
    if (link.gone()) return say(RERUN);
    if (!link.waiting().length) return say("");
    slow = window.setTimeout(say, BUSY, "queued: the kernel is busy");
    if (!heard)
      silent = window.setTimeout(
        say,
        SILENT,
        "no kernel has answered yet: run the cell again if it stays so",
      );
  };
  link.hear("ack", ({ problem }, _, answered) => {
    heard = true;
    if (problem && answered && MINE.has(answered)) notice("error", problem);
  });
  link.hear("notice", ({ kind, text: words }) => notice(kind, words));
  const notice = (kind: "info" | "warning" | "error", words: string) => {
    const node = el(
      "div",
      { class: `rqe-notice ${kind}`, role: kind === "error" ? "alert" : "status" },
      el("span", {}, words),
      el("button", { "aria-label": "Dismiss", onclick: () => remove(node) }, "×"),
    );
    for (const old of [...notices.children]) if (old.firstChild?.textContent === words) remove(old);
    notices.append(node);
    for (const old of [...notices.children].slice(0, -3)) remove(old);
  };
  const remove = (old: Element) => {
    if (old.matches(":focus-within")) board.el.focus({ preventScroll: true }); // not lost with what had it
    old.remove();
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
