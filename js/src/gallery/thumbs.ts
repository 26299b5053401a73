/** Thumbnails of what is on the screen, asked for a few at a time, and some that were. */

import type { Urls } from "../dom";
import type { Supply, Thumb } from "./supply";

const BATCH = 8; // asked for at once
const FLYING = 2; // questions not answered yet
const HELD = 400; // thumbnails kept that are not on the screen

/** The address of a thumbnail, or why there is none. */
export interface Ready {
  url: string;
  trouble: string;
}

export interface Thumbs {
  get(sha256: string): Ready | undefined;
  /** Says what is on the screen, or about to be: the first come first, and what was wanted before is not any more. */
  want(wanted: string[]): void;
  /** Takes in one that came unasked. */
  put(sha256: string, thumb: Thumb): void;
}

export function thumbs(supply: Pick<Supply, "thumbs">, url: Urls, arrived: () => void): Thumbs {
  const held = new Map<string, Ready>(); // by sha256, the one longest not wanted first
  const flying = new Set<string>();
  let questions = 0;
  let wanted: string[] = [];
  const keep = (sha256: string, ready: Ready) => {
    const before = held.get(sha256);
    if (before?.url) url.release(before.url);
    held.set(sha256, ready);
    const needed = new Set(wanted);
    for (const [other, { url: old }] of held) {
      if (held.size <= HELD) break;
      if (needed.has(other)) continue;
      url.release(old);
      held.delete(other);
    }
  };
  const put = (sha256: string, thumb: Thumb) => {
    const words = typeof thumb === "string";
    keep(sha256, { url: words ? "" : url(thumb, "image/webp"), trouble: words ? thumb : "" });
  };
  const ask = async (batch: string[]) => {
    questions += 1;
    for (const sha256 of batch) flying.add(sha256);
    try {
      const answers = await supply.thumbs(batch);
      for (const [at, sha256] of batch.entries()) put(sha256, answers[at] ?? "It did not come.");
    } catch (error) {
      for (const sha256 of batch) keep(sha256, { url: "", trouble: (error as Error).message });
    }
    questions -= 1;
    for (const sha256 of batch) flying.delete(sha256);
    arrived();
    next();
  };
  const next = () => {
    while (questions < FLYING) {
      const batch = wanted.filter((sha256) => !held.has(sha256) && !flying.has(sha256)).slice(0, BATCH);
      if (!batch.length) return;
      void ask(batch);
    }
  };
  return {
    get: (sha256) => held.get(sha256),
    put,
    want(now) {
      wanted = [...new Set(now)];
      for (const sha256 of wanted) {
        const ready = held.get(sha256);
        if (!ready) continue;
        held.delete(sha256); // to the end: what was wanted last is kept longest
        held.set(sha256, ready);
      }
      next();
    },
  };
}
