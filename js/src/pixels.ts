/** Pictures that Python sends: decoding them, and colouring a grey mask. */

export type Surface = { canvas: HTMLCanvasElement; context: CanvasRenderingContext2D };

/** A canvas and its context; `read` for one whose pixels are read back. */
export function surface(className: string, read = false): Surface {
  const canvas = document.createElement("canvas");
  canvas.className = className;
  canvas.setAttribute("aria-hidden", "true");
  const context = canvas.getContext("2d", { willReadFrequently: read });
  if (!context) throw new Error("This browser gives no 2D canvas.");
  return { canvas, context };
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

/** Paints a grey mask as a colour that is as opaque as the mask is white. */
export function tinted(mask: ImageBitmap, color: string, into: Surface): void {
  const { canvas, context } = into;
  canvas.width = mask.width;
  canvas.height = mask.height;
  context.drawImage(mask, 0, 0);
  const pixels = context.getImageData(0, 0, mask.width, mask.height);
  const words = new Uint32Array(pixels.data.buffer);
  const value = Number.parseInt(color.slice(1), 16);
  const tint = ((value & 0xff) << 16) | (value & 0xff00) | (value >> 16); // in memory: red, green, blue
  for (let index = 0; index < words.length; index++) words[index] = ((words[index] as number) << 24) | tint;
  context.putImageData(pixels, 0, 0);
}
