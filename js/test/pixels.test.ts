import assert from "node:assert/strict";
import { test } from "node:test";
import { type Surface, tinter, trace } from "../src/pixels";

test("a mask is tinted once for each mask and colour, not for each step of the opacity", () => {
  const data = new Uint8ClampedArray([0, 0, 0, 255, 255, 255, 255, 255]); // grey 0 and 255
  const painted: number[][] = [];
  const context = {
    drawImage: () => {},
    getImageData: () => ({ data: data.slice() }),
    putImageData: (pixels: { data: Uint8ClampedArray }) => painted.push([...pixels.data]),
  };
  const paint = tinter({ canvas: {}, context } as unknown as Surface);
  const [mask, other] = [{ width: 2, height: 1 } as ImageBitmap, { width: 2, height: 1 } as ImageBitmap];
  for (let step = 0; step < 5; step++) paint(mask, "#0a141e");
  assert.deepEqual(painted, [[10, 20, 30, 0, 10, 20, 30, 255]]);
  paint(mask, "#ffffff");
  paint(other, "#ffffff");
  assert.equal(painted.length, 3);
});

test("boxes are traced from corner to corner, the rest through all its points", () => {
  const calls: unknown[] = [];
  const path = new Proxy(
    {},
    {
      get:
        (_, name) =>
        (...parts: number[]) =>
          calls.push([name, ...parts]),
    },
  );
  trace(path as CanvasPath, "rect", [
    [1, 2],
    [5, 10],
  ]);
  trace(path as CanvasPath, "ellipse", [
    [1, 2],
    [5, 10],
  ]);
  trace(path as CanvasPath, "polygon", [
    [1, 2],
    [5, 10],
    [0, 4],
  ]);
  assert.deepEqual(calls, [
    ["rect", 1, 2, 4, 8],
    ["ellipse", 3, 6, 2, 4, 0, 0, 2 * Math.PI],
    ["lineTo", 1, 2],
    ["lineTo", 5, 10],
    ["lineTo", 0, 4],
  ]);
});
