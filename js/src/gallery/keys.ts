/** The gallery's keys, in words. */

import type { Line } from "../keylist";

const LOOKING: Line[] = [
  [["←", "→", "↑", "↓"], "Go from edit to edit; Home, End, Page Up and Page Down go farther"],
  [["Enter"], "Open the edit; there, ← and → open its neighbours"],
  [["Tab", "Space"], "Pick the edit, to compare two"],
];
const MARKING: Line[] = [
  [["*", "s"], "Star the edit, or take its star away"],
  [["t"], "Tag the edit"],
];
const FINDING: Line[] = [
  [["/"], "Search"],
  [["Escape"], "Close what is open"],
];

/** Where nothing can be kept, its keys are not among them. */
export const listed = (marks: boolean): Line[] => [...LOOKING, ...(marks ? MARKING : []), ...FINDING];
