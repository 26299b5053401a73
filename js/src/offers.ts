/**
 * Edits asked for in this view and not yet on Python's list.
 *
 * An edit is offered first and started only once Python has accepted, so that one cancelled while the kernel is busy
 * is never begun and never paid. It is offered once all that was drawn before is answered: kernels with subshells take
 * each message by itself, and an offer that overtook a stroke would be paid with a mask that is not on the screen.
 */

import type { Outgoing, Settings } from "./model";

export const RERUN = "The kernel is gone: run the cell again.";
export const GONE = `${RERUN} Nothing was sent.`;
export const LOST = `${RERUN} If this edit was answered, it is in the history.`;
const PATIENCE = 400; // milliseconds that a free kernel needs at most

export interface Offer {
  readonly id: string;
  readonly settings: Settings; // as they were at the click
  readonly phase: "offered" | "started" | "failed";
  readonly since: number; // milliseconds: when it came into this phase
  readonly text: string; // of a failed one
  readonly message: number; // the last one sent for it; 0 if none was
}

export interface Desk {
  /** Returns the message's number, or 0 if there is no kernel to hear it. */
  send(message: Outgoing): number;
  /** Whether something that changes what is asked for was sent and is not answered. */
  behind(): boolean;
  now(): number;
  changed(): void;
}

export interface Offers {
  ask(id: string, settings: Settings): void;
  /** Something was answered: offers what had to wait for it. */
  advance(): void;
  /** Whether it is started by this. */
  accepted(id: string): boolean;
  /** Python has answered a message. */
  answered(message: number, problem?: string): void;
  /** Whether it was one of these. */
  cancel(id: string): boolean;
  /** Python lists these itself now. */
  listed(ids: string[]): void;
  gone(): void;
  list(): Offer[];
}

export function offers({ send, behind, now, changed }: Desk): Offers {
  const open = new Map<string, Offer>();
  let sending = false;
  const put = (offer: Offer) => {
    open.set(offer.id, offer);
    changed();
  };
  const fail = (offer: Offer, text: string) => put({ ...offer, phase: "failed", text });
  const drop = (id: string) => {
    if (open.delete(id)) changed();
  };
  const post = (offer: Offer, message: Outgoing): boolean => {
    sending = true; // sending is told of as well, before its number is known
    const number = send(message);
    sending = false;
    if (number) put({ ...offer, message: number });
    else fail(offer, GONE);
    return number > 0;
  };
  const advance = () => {
    if (sending || behind()) return;
    for (const offer of [...open.values()])
      if (offer.phase === "offered" && !offer.message)
        post(offer, { k: "ask", j: offer.id, settings: offer.settings });
  };
  return {
    ask(id, settings) {
      put({ id, settings, phase: "offered", since: now(), text: "", message: 0 });
      advance();
    },
    advance,
    accepted(id) {
      const offer = open.get(id);
      if (!offer?.message || offer.phase !== "offered") return false; // cancelled, or another view's
      return post({ ...offer, phase: "started", since: now() }, { k: "start", j: id });
    },
    answered(message, problem) {
      for (const offer of open.values()) {
        if (offer.message !== message || offer.phase === "failed") continue;
        if (problem) fail(offer, problem);
        else if (offer.phase === "started") drop(offer.id);
        return;
      }
    },
    cancel(id) {
      const offer = open.get(id);
      if (!offer) return false;
      if (offer.phase === "started") send({ k: "cancel", j: id });
      drop(id);
      return true;
    },
    listed(ids) {
      for (const id of ids) drop(id);
    },
    gone() {
      for (const offer of [...open.values()])
        if (offer.phase !== "failed") fail(offer, offer.phase === "offered" ? GONE : LOST);
    },
    list: () => [...open.values()],
  };
}

/** What a card says of an offer. */
export function describe(offer: Offer, now: number): string {
  if (offer.phase === "failed") return offer.text;
  const queued = offer.phase === "offered" && now - offer.since >= PATIENCE;
  return queued ? "Queued: the kernel is busy. Nothing is sent yet." : "Starting…";
}
