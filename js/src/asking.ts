/** Questions to Python, and the promise of what it answers. */

import type { Linked, Message } from "./link";

export const GONE = "The kernel is gone: run the cell again.";

type Of<I extends Message, K extends I["k"]> = Extract<I, { k: K }>;
export type Reply<I extends Message, K extends I["k"]> = [Of<I, K>, DataView[]];
export type Ask<O extends Message, I extends Message> = <K extends I["k"]>(
  kind: K,
  message: O,
) => Promise<Reply<I, K>>;

interface Waiting {
  kind: string;
  resolve(reply: never): void;
  reject(error: Error): void;
}

/** Asks, and promises the message of some kind that answers; of what is only done (`ack`), that it was. */
export function asking<T, O extends Message, I extends Message>(
  link: Linked<T, O, I>,
  kinds: Exclude<I["k"], "ack">[],
): Ask<O, I> {
  const open = new Map<number, Waiting>();
  for (const kind of kinds)
    link.hear(kind, (message, buffers) => {
      const { s = 0 } = message as { s?: number }; // without one nobody asked
      open.get(s)?.resolve([message, buffers] as never);
    });
  link.hear("ack", (message) => {
    const { s, problem } = message as unknown as { s: number; problem?: string };
    const waiting = open.get(s);
    open.delete(s);
    if (waiting?.kind === "ack" && problem === undefined) waiting.resolve([] as never);
    else waiting?.reject(new Error(problem ?? "The kernel did not say.")); // changes nothing once it is answered
  });
  link.onWaiting(() => {
    if (!link.gone()) return;
    for (const { reject } of open.values()) reject(new Error(GONE));
    open.clear();
  });
  return (kind, message) =>
    new Promise((resolve, reject) => {
      const number = link.send(message);
      if (number) open.set(number, { kind, resolve, reject });
      else reject(new Error(GONE));
    });
}
