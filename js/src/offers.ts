/**
 * Edits asked for in this view and not yet on Python's list.
 *
 * An edit is offered first and started only once Python has accepted, so that one cancelled while the kernel is busy
 * is never begun and never paid.
 */

import type { Outgoing } from "./model";

export const RERUN = "The kernel is gone: run the cell again.";
export const GONE = `${RERUN} Nothing was sent.`;
export const LOST = `${RERUN} If this edit was answered, it is in the history.`;
const PATIENCE = 400; // milliseconds that a free kernel needs at most

export interface Offer {
  readonly id: string;
  readonly prompt: string;
  readonly phase: "offered" | "started" | "failed";
  readonly since: number; // milliseconds: when it came into this phase
  readonly text: string; // of a failed one
  readonly message: number; // the last one sent for it
}

export interface Offers {
  ask(id: string, prompt: string): void;
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

export function offers(send: (message: Outgoing) => number, now: () => number, changed: () => void): Offers {
  const open = new Map<string, Offer>();
  const put = (offer: Offer) => {
    open.set(offer.id, offer);
    changed();
  };
  const fail = (offer: Offer, text: string) => put({ ...offer, phase: "failed", text });
  const drop = (id: string) => {
    if (open.delete(id)) changed();
  };
  return {
    ask(id, prompt) {
      const message = send({ k: "ask", j: id });
      const offer: Offer = { id, prompt, phase: "offered", since: now(), text: "", message };
      if (message) put(offer);
      else fail(offer, GONE);
    },
    accepted(id) {
      const offer = open.get(id);
      if (offer?.phase !== "offered") return false; // cancelled, or another view's
      const message = send({ k: "start", j: id });
      if (message) put({ ...offer, phase: "started", since: now(), message });
      else fail(offer, GONE);
      return message > 0;
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
