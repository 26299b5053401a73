/** One view's connection to its widget: typed traits and messages, and what Python has not yet answered. */

import type { AnyModel } from "@anywidget/types";
import { newId } from "./clock";

/** A message of some kind; each sent gets a number `s`, under which it is answered. */
export interface Message {
  k: string;
}

export interface Answer extends Message {
  k: "ack";
  s: number;
  problem?: string;
}

type Of<I extends Message, K extends I["k"]> = Extract<I, { k: K }>;
type Hear<O extends Message, I extends Message, K extends I["k"]> = (
  message: Of<I, K>,
  buffers: DataView[],
  answered?: O["k"],
) => void;

/**
 * One view's connection.
 *
 * T: the synced traits; O: messages to Python; I: messages from Python, among them `Answer`.
 */
export interface Linked<T, O extends Message, I extends Message> {
  /** An id of this view, for answers that are for it alone. */
  readonly view: string;
  get<N extends keyof T & string>(name: N): T[N];
  /** Sets a trait in Python and in all views. */
  set<N extends keyof T & string>(name: N, value: T[N]): void;
  /** Calls `then` now and on every change, until the signal. */
  follow<N extends keyof T & string>(names: N | N[], then: () => void): void;
  /** Sends a message; returns its number, or 0 if there is no kernel to hear it. */
  send(message: O, buffers?: ArrayBuffer[]): number;
  /** Calls `then` with each such message, of acks only with this view's own, and with the kind of what they answer. */
  hear<K extends I["k"]>(kind: K, then: Hear<O, I, K>): void;
  /** Numbers sent and not answered, ascending; none once the kernel is gone. Of these kinds, if any are named. */
  waiting(...kinds: O["k"][]): number[];
  /** Calls `then` when something is sent, answered, or the kernel is found gone. */
  onWaiting(then: () => void): void;
  /** The kernel was restarted, or there is none: the host says so, or the last message was not taken. */
  gone(): boolean;
  /** The host says whether a kernel is behind the view; until it does, one is. */
  plugged(live: boolean): void;
  readonly signal: AbortSignal;
}

export function connected<T extends object, O extends Message, I extends Message>(
  model: AnyModel<T>,
  signal: AbortSignal,
): Linked<T, O, I> {
  type Any = Hear<O, I, I["k"]>;
  const hearers = new Map<string, Any[]>();
  const watchers: (() => void)[] = [];
  const open = new Map<number, O["k"]>();
  let last = Math.floor(Math.random() * 1e8); // answers reach all views, and other tabs: whose is whose
  let live = true;
  let lost = false;
  const tell = () => {
    for (const watcher of watchers) watcher();
  };
  const lose = (now: boolean) => {
    lost = now;
    if (lost) open.clear(); // nobody will answer
  };
  const receive = (message: I | Answer, buffers: DataView[]) => {
    const number = message.k === "ack" ? (message as Answer).s : undefined;
    const answered = number === undefined ? undefined : open.get(number);
    if (number !== undefined) {
      if (!open.delete(number)) return;
      tell();
    }
    for (const hearer of hearers.get(message.k) ?? []) hearer(message as never, buffers, answered);
  };
  model.on("msg:custom", receive);
  signal.addEventListener("abort", () => model.off("msg:custom", receive));
  const attempt = (what: () => void): boolean => {
    try {
      what();
      lose(!live); // without a kernel some hosts send into nothing, without a word
    } catch {
      lose(true); // "Cannot send": the comm died with its kernel
    }
    return !lost;
  };
  return {
    view: newId(),
    signal,
    get: (name) => model.get(name),
    set(name, value) {
      model.set(name, value);
      attempt(() => model.save_changes());
      if (lost) tell();
    },
    follow(names, then) {
      for (const name of Array.isArray(names) ? names : [names]) {
        model.on(`change:${name}`, then);
        signal.addEventListener("abort", () => model.off(`change:${name}`, then));
      }
      then();
    },
    send(message, buffers = []) {
      last += 1;
      const sent = attempt(() => model.send({ ...message, s: last }, undefined, buffers));
      if (sent) open.set(last, message.k);
      tell();
      return sent ? last : 0;
    },
    hear(kind, then) {
      hearers.set(kind, [...(hearers.get(kind) ?? []), then as unknown as Any]);
    },
    waiting: (...kinds) =>
      [...open].filter(([, kind]) => !kinds.length || kinds.includes(kind)).map(([number]) => number),
    onWaiting: (then) => void watchers.push(then),
    plugged(now) {
      live = now;
      lose(!now);
      tell();
    },
    gone: () => lost,
  };
}
