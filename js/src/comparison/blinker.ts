/** Whose turn it is while two pictures are shown by turns, and the clock that changes it. */

export interface Blinker {
  playing(): boolean;
  /** Starts with the one at the right, or ends. */
  run(on: boolean): void;
  /** Shows the other one, and lets it stay. */
  turn(): void;
  toggle(): void;
}

const TURN = 700; // milliseconds

/** Turns by itself, unless less motion is preferred: then only when told to. */
export function blinker(signal: AbortSignal, look: (right: boolean) => void): Blinker {
  let right = true;
  let wanted = !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  let timer = 0;
  const turn = () => {
    right = !right;
    look(right);
  };
  const clock = (on: boolean) => {
    clearInterval(timer);
    timer = on ? window.setInterval(turn, TURN) : 0;
  };
  signal.addEventListener("abort", () => clock(false));
  return {
    playing: () => timer !== 0,
    run(on) {
      right = true;
      clock(on && wanted);
    },
    turn() {
      wanted = false;
      clock(false);
      turn();
    },
    toggle() {
      wanted = timer === 0;
      clock(wanted);
    },
  };
}
