/** What would be edited now, in words. */

import type { Box, Size } from "./model";

/** A share, 0 to 1, in words that never call something nothing, or less than all all. */
export function percent(share: number): string {
  if (!(share > 0)) return "nothing";
  if (share < 0.01) return "under 1 %";
  return share > 0.99 && share < 1 ? "over 99 %" : `${Math.round(share * 100)} %`;
}

/** `share` of the picture that is selected, 0 to 1; `added` at left, top, right, bottom of one of `size`. */
export function whatIsEdited(share: number, added: Box, [width, height]: Size): string {
  const [left, top, right, bottom] = added;
  if (left || top || right || bottom) {
    let what = `what is added and ${percent(share)} of it`;
    if (share <= 0) what = "only what is added";
    if (share >= 1) what = "all of it";
    return `The picture will be extended to ${width + left + right} × ${height + top + bottom}; ${what} will be drawn.`;
  }
  if (share <= 0) return "The whole picture will be edited: nothing is selected.";
  if (share >= 1) return "The whole picture is selected: clear the mask or select less.";
  const words = percent(share);
  return `${words.charAt(0).toUpperCase()}${words.slice(1)} of the picture will be edited.`;
}
