/** Pictures that Python sends: decoding them, and colouring a grey mask. */

import type { Size } from "./model";
import { canvasScale, type Point } from "./viewport";

export type Surface = { canvas: HTMLCanvasElement; context: CanvasRenderingContext2D };

/** Pixels of the device per CSS pixel. */
export const dpr = () => window.devicePixelRatio || 1;

/** A canvas and its context; `read` for one whose pixels are read back. */
export function surface(className: string, read = false): Surface {
  const canvas = document.createElement("canvas");
  canvas.className = className;
  canvas.setAttribute("aria-hidden", "true");
  const context = canvas.getContext("2d", { willReadFrequently: read });
  if (!context) throw new Error("This browser gives no 2D canvas.");
  return { canvas, context };
}

/** Gives a canvas over the whole stage its pixels; returns how many a CSS pixel. */
export function cover({ canvas }: Surface, size: Size): number {
  const scale = canvasScale(size, dpr());
  const [across, down] = size.map((side) => Math.ceil(side * scale)) as Size;
  if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
  return scale;
}

/** Adds a shape to a path: boxes are given by two corners. */
export function trace(path: CanvasPath, kind: string, points: Point[]): void {
  const [[left, top] = [0, 0], [right, bottom] = [0, 0]] = points;
  if (kind === "rect") path.rect(left, top, right - left, bottom - top);
  else if (kind === "ellipse") {
    const [across, down] = [(right - left) / 2, (bottom - top) / 2];
    path.ellipse(left + across, top + down, across, down, 0, 0, 2 * Math.PI);
  } else for (const point of points) path.lineTo(...point);
}

/** Decodes a picture; null if there is none or it cannot be read. */
export async function decoded(bytes: DataView | null | undefined, mime: string): Promise<ImageBitmap | null> {
  if (!bytes?.byteLength) return null;
  try {
    return await createImageBitmap(new Blob([bytes as DataView<ArrayBuffer>], { type: mime }));
  } catch {
    return null;
  }
}

/** Paints grey masks as a colour that is as opaque as the mask is white; what is there already, not again. */
export function tinter({ canvas, context }: Surface): (mask: ImageBitmap, color: string) => void {
  let last: [ImageBitmap?, string?] = [];
  return (mask, color) => {
    if (last[0] === mask && last[1] === color) return;
    last = [mask, color];
    tint(mask, color, canvas, context);
  };
}

function tint(
  mask: ImageBitmap,
  color: string,
  canvas: HTMLCanvasElement,
  context: CanvasRenderingContext2D,
): void {
  canvas.width = mask.width;
  canvas.height = mask.height;
  context.drawImage(mask, 0, 0);
  const pixels = context.getImageData(0, 0, mask.width, mask.height);
  const words = new Uint32Array(pixels.data.buffer);
  const value = Number.parseInt(color.slice(1), 16);
  const ink = ((value & 0xff) << 16) | (value & 0xff00) | (value >> 16); // in memory: red, green, blue
  for (let index = 0; index < words.length; index++) words[index] = ((words[index] as number) << 24) | ink;
  context.putImageData(pixels, 0, 0);
}
