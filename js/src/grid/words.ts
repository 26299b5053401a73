/** What is told of a sweep and of its cells: pure. */

import { elapsed } from "../clock";
import { numbered } from "../gallery/rows";

/** How it goes on the whole. */
export interface Head {
  total: number;
  made: number; // for now
  recorded: number; // replayed
  failed: number;
  cost: string; // so far; empty if nothing was paid
  left: number | null; // seconds, if that can be told
  state: "preparing" | "working" | "cancelling" | "done" | "failed" | "cancelled";
  text: string; // why nothing came of it
}

export const finished = ({ made, recorded, failed }: Head): number => made + recorded + failed;

export const isOver = ({ state }: Head): boolean => ["done", "failed", "cancelled"].includes(state);

/** How long the rest takes, in words as rough as it is known. */
export function left(seconds: number): string {
  if (seconds < 2) return "a moment left";
  if (seconds < 10) return `about ${Math.ceil(seconds)} s left`;
  if (seconds < 55) return `about ${Math.ceil(seconds / 5) * 5} s left`;
  if (seconds < 3600) return `about ${Math.ceil(seconds / 60)} min left`;
  return `about ${Math.ceil(seconds / 3600)} h left`;
}

const some = (count: number, word: string): string => (count ? `${numbered(count)} ${word}` : "");

/** One line: how far it is, or what came of it. */
export function summed(head: Head): string {
  const { total, made, recorded, failed, cost } = head;
  const over = isOver(head);
  const all = `${numbered(total)} ${total === 1 ? "edit" : "edits"}`;
  const parts = over ? [all] : [`${numbered(finished(head))} of ${numbered(total)}`];
  if (over && (recorded || failed)) parts.push(some(made, "new"));
  parts.push(some(recorded, "recorded"), some(failed, "failed"));
  if (cost) parts.push(over ? cost : `${cost} so far`);
  if (head.state === "cancelled") parts.push("cancelled");
  if (head.state === "cancelling") parts.push("cancelling…");
  else if (!over && head.left !== null) parts.push(left(head.left));
  return parts.filter(Boolean).join(" · ");
}

/** What a cell that waits is doing, and for how long. */
export function doing(state: string, milliseconds: number): string {
  return milliseconds < 1000 ? state : `${state}, ${elapsed(milliseconds)}`;
}

/** What a cell is called: its value on each axis. */
export const called = (row: string, column: string, page: string): string =>
  [row, column, page].filter(Boolean).join(" · ");
