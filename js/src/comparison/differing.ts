/** The difference of two pictures: drawn, and in words. */

import { difference } from "../compare";
import { contained, type Size } from "../slider";
import { alike } from "./place";

type Pair = [HTMLImageElement, HTMLImageElement];

const GAIN = 4; // as in the editor
const LARGEST = 1600; // pixels a side of the drawing
const SEEN = 8; // of 255: below, encoding alone makes such differences

export interface Differing {
  most: number; // of 255
  share: number; // of the pixels, 0 to 1
}

/** How much two pictures differ, by their amplified difference. */
export function measured(amplified: Uint8ClampedArray, gain = GAIN): Differing {
  let [most, count] = [0, 0];
  for (let at = 0; at < amplified.length; at += 4) {
    const off = Math.max(amplified[at] ?? 0, amplified[at + 1] ?? 0, amplified[at + 2] ?? 0);
    if (off > most) most = off;
    if (off >= SEEN * gain) count += 1;
  }
  return { most: Math.ceil(most / gain), share: amplified.length ? (count * 4) / amplified.length : 0 };
}

/** Says how much two pictures differ. */
export function told({ most, share }: Differing): string {
  if (!most) return "Not one pixel differs.";
  const percent = share && share < 0.001 ? "under 0.1" : (share * 100).toFixed(share < 0.1 ? 1 : 0);
  const seen = share ? `${percent} % of the pixels differ visibly` : "No pixel differs visibly";
  return `${seen}. Amplified ${GAIN} times: black is equal.`;
}

/** Says how pictures of two sizes lie over each other. */
function fitted(one: Size, other: Size): string {
  if (String(one) === String(other)) return "";
  const sizes = `${one.join(" × ")} and ${other.join(" × ")}`;
  return alike(one, other)
    ? ` Their sizes differ, ${sizes}: both are scaled to one.`
    : ` Their shapes differ, ${sizes}: each is fitted in the middle.`;
}

/** Gives a canvas the shape `ratio`, as fine as the finer of two pictures. */
function shaped(canvas: HTMLCanvasElement, images: Pair, ratio: number): Size {
  const longest = Math.max(
    ...images.flatMap(({ naturalWidth, naturalHeight }) => [naturalWidth, naturalHeight]),
  );
  const edge = Math.min(LARGEST, longest);
  canvas.width = Math.max(1, Math.round(edge * Math.min(1, ratio)));
  canvas.height = Math.max(1, Math.round(edge * Math.min(1, 1 / ratio)));
  return [canvas.width, canvas.height];
}

/** Draws the difference of two pictures, each contained in the canvas; says how much they differ. */
export async function differing(
  canvas: HTMLCanvasElement,
  images: Pair,
  sizes: [Size, Size],
  ratio: number,
): Promise<string> {
  await Promise.all(images.map((image) => image.decode()));
  const size = shaped(canvas, images, ratio);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (!pen) throw new Error("this browser gives no canvas.");
  const pixels = (image: HTMLImageElement) => {
    const box = contained([image.naturalWidth, image.naturalHeight], size).map(Math.round);
    pen.clearRect(0, 0, ...size);
    pen.drawImage(image, ...(box as [number, number, number, number]));
    return pen.getImageData(0, 0, ...size).data;
  };
  const data = difference(pixels(images[0]), pixels(images[1]), GAIN);
  pen.putImageData(new ImageData(data, size[0]), 0, 0);
  return told(measured(data)) + fitted(...sizes);
}
