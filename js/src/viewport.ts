/** Where the image lies on the stage. Screen: CSS pixels from the stage's top left; image: source pixels. */

import type { Box, Size } from "./model";

export type Point = [number, number];

/** Screen pixels per image pixel, and where the image's top left corner is on the screen. */
export interface View {
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
}

const MOST_ZOOM = 32;
const MOST_FIT = 8; // a tiny image is not blown up beyond this by itself
const LONGEST_EDGE = 2048;
const SHARP_ENOUGH = 1.05; // device pixels per pixel of the preview

const between = (low: number, value: number, high: number) => Math.max(low, Math.min(value, high));

export function toImage(view: View, [x, y]: Point): Point {
  return [(x - view.x) / view.zoom, (y - view.y) / view.zoom];
}

export function toScreen(view: View, [x, y]: Point): Point {
  return [x * view.zoom + view.x, y * view.zoom + view.y];
}

/** The image with what is to be added around it. */
export function framed([width, height]: Size, [left, top, right, bottom]: Box): Box {
  return [0 - left, 0 - top, width + right, height + bottom];
}

/** The whole frame, centred, with a margin that is a share of the stage. */
export function fit(frame: Box, stage: Size, margin = 0): View {
  const [width, height] = [frame[2] - frame[0], frame[3] - frame[1]];
  const room = 1 - 2 * margin;
  const zoom = Math.min((stage[0] * room) / width, (stage[1] * room) / height, MOST_FIT);
  return {
    zoom,
    x: (stage[0] - (frame[0] + frame[2]) * zoom) / 2,
    y: (stage[1] - (frame[1] + frame[3]) * zoom) / 2,
  };
}

/** Zooms so that the image point under `at` stays there. */
export function zoomAt(view: View, factor: number, at: Point, least: number): View {
  const zoom = between(Math.min(least, 1), view.zoom * factor, Math.max(MOST_ZOOM, least));
  const [x, y] = toImage(view, at);
  return { zoom, x: at[0] - x * zoom, y: at[1] - y * zoom };
}

/** The view as it is painted: on whole pixels of the device, so that one to one is as sharp as the image. */
export function snapped(view: View, dpr: number): View {
  const whole = (offset: number) => Math.round(offset * dpr) / dpr;
  return { zoom: view.zoom, x: whole(view.x), y: whole(view.y) };
}

export function pan(view: View, dx: number, dy: number): View {
  return { zoom: view.zoom, x: view.x + dx, y: view.y + dy };
}

/** Centres what is smaller than the stage; what is larger may leave up to half of it empty. */
export function clamped(view: View, frame: Box, stage: Size): View {
  const along = (offset: number, start: number, end: number, room: number) => {
    const spare = (end - start) * view.zoom - room;
    if (spare <= 0) return (room - (start + end) * view.zoom) / 2;
    const slack = Math.min(spare, room / 2);
    return between(room - end * view.zoom - slack, offset, -start * view.zoom + slack);
  };
  return {
    zoom: view.zoom,
    x: along(view.x, frame[0], frame[2], stage[0]),
    y: along(view.y, frame[1], frame[3], stage[1]),
  };
}

/** The part of the image that is on the stage, in whole pixels, or null if none is. */
export function visible(view: View, source: Size, stage: Size): Box | null {
  const [left, top] = toImage(view, [0, 0]);
  const [right, bottom] = toImage(view, stage);
  const box: Box = [
    Math.max(0, Math.floor(left)),
    Math.max(0, Math.floor(top)),
    Math.min(source[0], Math.ceil(right)),
    Math.min(source[1], Math.ceil(bottom)),
  ];
  return box[2] > box[0] && box[3] > box[1] ? box : null;
}

/** Pixels that the longer side of a box takes on the screen, no more than it has. */
export function edgeFor(box: Box, view: View, dpr: number): number {
  const longest = Math.max(box[2] - box[0], box[3] - box[1]);
  return Math.min(LONGEST_EDGE, longest, Math.ceil(longest * view.zoom * dpr));
}

/** Whether the preview is too coarse for the screen, and the source has more to show. */
export function wantsDetail(view: View, source: Size, preview: Size, dpr: number): boolean {
  const coarse = (view.zoom * dpr * source[0]) / preview[0];
  return coarse > SHARP_ENOUGH && preview[0] * SHARP_ENOUGH < source[0];
}

/** The stage's height for a width: the image's own shape within limits. */
export function stageHeight(width: number, [across, down]: Size, windowHeight: number): number {
  const most = Math.max(240, Math.min(620, windowHeight * 0.7));
  return Math.round(between(240, (width * down) / across, most));
}

/** Pixels per CSS pixel of a canvas over the whole stage, so that it stays of a sane size. */
export function canvasScale([width, height]: Size, dpr: number, most = 6_000_000): number {
  return Math.min(dpr, Math.sqrt(most / Math.max(1, width * height)));
}
