/** Keys of a comparison, as what they do: pure. */

import type { Line } from "../keylist";

export const MODES = {
  slider: ["Slider", "s"],
  beside: ["Beside", "b"],
  all: ["All", "a"],
  difference: ["Difference", "d"],
  blink: ["Blink", "k"],
} as const;

export type Mode = keyof typeof MODES;

/** What a key does; `side` counts from 0. */
export type Act =
  | { do: "mode"; mode: Mode }
  | { do: "right" | "left"; side: number }
  | { do: "zoom"; factor: number }
  | { do: "fit" | "mask" | "swap" | "play" | "star" | "tag" | "help" };

const STEP = 1.25;
const PLAIN: Record<string, Act> = {
  "0": { do: "fit" },
  "+": { do: "zoom", factor: STEP },
  "=": { do: "zoom", factor: STEP },
  "-": { do: "zoom", factor: 1 / STEP },
  m: { do: "mask" },
  " ": { do: "swap" },
  "*": { do: "star" },
  t: { do: "tag" },
  "?": { do: "help" },
};
for (const [mode, [, key]] of Object.entries(MODES)) PLAIN[key] = { do: "mode", mode: mode as Mode };

type Pressed = Pick<KeyboardEvent, "key" | "code" | "shiftKey">;

/** What a key does with so many pictures; undefined if nothing. Digits are told by their place: with Shift they print others. */
export function act({ key, code, shiftKey }: Pressed, count: number): Act | undefined {
  if (key === "*" || key === "?" || key === "+") return PLAIN[key]; // on many keyboards with Shift and a digit
  const digit = Number(/^(?:Digit|Numpad)([1-9])$/.exec(code)?.[1] ?? (/^[1-9]$/.test(key) ? key : 0));
  if (digit) return digit <= count ? { do: shiftKey ? "left" : "right", side: digit - 1 } : undefined;
  return PLAIN[key.toLowerCase()];
}

/** The keys and what they do, in words. */
const LISTED: Line[] = [
  [["s"], "Slider"],
  [["b"], "The two beside each other"],
  [["a"], "All of them"],
  [["d"], "Difference of the two"],
  [["k"], "Blink: one, then the other"],
  [["1", "…", "8"], "Which one is at the right; with Shift, at the left"],
  [["Space"], "Swap the two; while they blink, show the other"],
  [["←", "→"], "Move the divider; with Shift, farther. Elsewhere, move what is enlarged"],
  [["+", "−", "0"], "Enlarge, reduce, fit"],
  [["m"], "Outline of the mask"],
  [["Wheel"], "Enlarge at the pointer, once the pictures were clicked; with Ctrl, at once"],
  [["Drag"], "Pull the divider; move what is enlarged"],
];

/** Some are there only where more than two are compared. */
export const listed = (many: boolean): Line[] =>
  many ? LISTED : LISTED.filter(([[key = ""]]) => !/^[a1]$/.test(key));
