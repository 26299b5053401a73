/** Where pictures lie in a pane, in shares of its sides: pure, and the same for panes of any width. */

import { contained, type Size } from "../slider";

/** How much larger the pane's content is than the pane, and where its top left corner is, in panes. */
export interface Place {
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
}

export type Share = readonly [number, number];

export const FIT: Place = { zoom: 1, x: 0, y: 0 };
export const MOST = 24; // times

const between = (low: number, value: number, high: number) => Math.max(low, Math.min(value, high));

/** The content covers the pane: nothing is beyond its edges. */
function kept({ zoom, x, y }: Place): Place {
  return { zoom, x: between(1 - zoom, x, 0), y: between(1 - zoom, y, 0) };
}

/** Zooms so that what is at `at` stays there, as far as the pane stays covered. */
export function zoomed(place: Place, factor: number, [x, y]: Share): Place {
  const zoom = between(1, place.zoom * factor, MOST);
  const by = zoom / place.zoom;
  return kept({ zoom, x: x - (x - place.x) * by, y: y - (y - place.y) * by });
}

export function moved(place: Place, [dx, dy]: Share): Place {
  return kept({ zoom: place.zoom, x: place.x + dx, y: place.y + dy });
}

/** The shape, width by height, of a pane for pictures of these sizes: between the widest and the narrowest. */
export function shape(sizes: readonly Size[]): number {
  const shapes = sizes.map(([width, height]) => width / height);
  const [least, most] = [Math.min(...shapes), Math.max(...shapes)];
  return most / least < 1.01 ? (shapes[0] as number) : Math.sqrt(least * most);
}

/** Left, top, width and height of a picture in a pane of a shape, in shares of the pane. */
export function seat(size: Size, ratio: number): [number, number, number, number] {
  const [left, top, width, height] = contained(size, [ratio, 1]);
  return [left / ratio, top, width / ratio, height];
}

/** Whether pictures have the same shape, so that they lie over each other. */
export const alike = (one: Size, other: Size): boolean =>
  Math.abs((one[0] * other[1]) / (one[1] * other[0]) - 1) < 0.01;
