/** What is shown of a source that is finer than its preview: asked for once the view has come to rest. */

import { type Bell, bell } from "./bell";
import type { Board } from "./board";
import type { Box } from "./model";
import type { World } from "./mount";
import { decoded, dpr, surface, tinter } from "./pixels";
import { edgeFor, visible, wantsDetail } from "./viewport";

const REST = 120; // ms
const MOMENT = 30; // ms between a change of the mask and the question: the answer to what made it comes first
const BLOCKS = 3; // CSS pixels a pixel of the image, from which on each is shown as a square

export interface Patch {
  bitmap: ImageBitmap;
  box: Box;
}

export interface Detail {
  readonly el: HTMLElement;
  readonly changed: Bell;
  /** The piece of the image that is shown, if it is. */
  photo(): Patch | null;
  /** Whether its pixels are shown as squares. */
  blocks(): boolean;
  /** Whether what is on the screen already holds the effect of message `s`. */
  shows(s: number): boolean;
  /** Sees to it that what is shown will hold the effect of message `s`, which has been answered. */
  follow(s: number): void;
}

export function detail(board: Board, world: World): Detail {
  const { link } = board;
  const changed = bell();
  const target = surface("rqe-detail");
  const tint = surface("", true);
  const paint = tinter(tint);
  target.canvas.hidden = true;
  let patch: Patch | null = null;
  let mask: ImageBitmap | null = null;
  let [asked, sure, shown, round] = [0, 0, 0, 0]; // numbers of messages; pictures begun
  let [stale, dirty, away] = [false, false, false];
  let blocks = false;
  let held = ""; // the piece that was asked for last
  let [timer, moment] = [0, 0];

  const wanted = (): { box: Box; edge: number } | null => {
    const [preview, scale] = [world.preview(), dpr()];
    if (!preview || !wantsDetail(board.view(), board.source(), [preview.width, preview.height], scale))
      return null;
    const box = visible(board.view(), board.source(), board.size());
    return box && { box, edge: edgeFor(box, board.view(), scale) };
  };
  const place = () => {
    if (!patch) return;
    const { zoom, x, y } = board.painted();
    const { box, bitmap } = patch;
    const across = ((box[2] - box[0]) * zoom) / bitmap.width;
    const down = ((box[3] - box[1]) * zoom) / bitmap.height;
    const { style } = target.canvas;
    style.transform = `translate(${x + box[0] * zoom}px, ${y + box[1] * zoom}px) scale(${across}, ${down})`;
    blocks = Math.min(across, down) > BLOCKS;
    style.imageRendering = blocks ? "pixelated" : "";
  };
  const compose = () => {
    if (!patch || !mask) return;
    const { canvas, context } = target;
    [canvas.width, canvas.height] = [patch.bitmap.width, patch.bitmap.height];
    context.drawImage(patch.bitmap, 0, 0);
    if (board.opacity()) {
      paint(mask, board.color());
      context.globalAlpha = board.opacity();
      context.drawImage(tint.canvas, 0, 0, canvas.width, canvas.height);
    }
  };
  const forget = () => {
    round += 1;
    patch?.bitmap.close();
    mask?.close();
    patch = mask = null;
    if (target.canvas.hidden) return;
    target.canvas.hidden = true;
    changed.ring();
  };
  const ask = () => {
    if (asked) {
      stale = true; // one question at a time
      return;
    }
    const want = wanted();
    stale = false;
    if (!want) return forget();
    const piece = `${want.box} ${want.edge}`;
    if (patch && !dirty && piece === held) return;
    [held, dirty] = [piece, false];
    const [open] = link.waiting(); // may be overtaken: a kernel with subshells takes messages in several threads
    asked = link.send({ k: "view", v: link.view, ...want });
    if (asked) sure = open ?? asked;
    else forget();
  };
  const renew = () => {
    dirty = true;
    if (!patch && !asked) return;
    moment ||= window.setTimeout(() => {
      moment = 0;
      ask();
    }, MOMENT);
  };
  const soon = () => {
    clearTimeout(timer);
    timer = window.setTimeout(ask, REST);
  };
  link.hear("detail", async ({ v, box }, [photoBytes, maskBytes]) => {
    if (v !== link.view) return;
    const [mine, number] = [++round, sure];
    const [bitmap, grey] = await Promise.all([
      decoded(photoBytes, "image/webp"),
      decoded(maskBytes, "image/png"),
    ]);
    if (mine !== round || !bitmap || !grey || !wanted() || link.signal.aborted) {
      bitmap?.close();
      grey?.close();
      return;
    }
    patch?.bitmap.close();
    mask?.close();
    [patch, mask, shown] = [{ bitmap, box }, grey, number];
    compose();
    place();
    target.canvas.hidden = false;
    changed.ring();
  });
  link.hear("ack", ({ s }) => {
    if (s !== asked) return;
    asked = 0;
    if (stale) soon();
  });
  link.onWaiting(() => {
    if (link.gone())
      [asked, stale, dirty, away] = [0, false, true, true]; // nobody will answer
    else if (away) {
      away = false;
      soon();
    }
  });
  board.moved.on(() => {
    place();
    soon();
  });
  board.looked.on(compose);
  board.replaced.on(() => {
    forget();
    soon();
  });
  link.follow("mask_png", () => {
    renew();
  });
  link.signal.addEventListener("abort", () => {
    clearTimeout(timer);
    clearTimeout(moment);
    patch?.bitmap.close();
    mask?.close();
  });
  return {
    el: target.canvas,
    changed,
    photo: () => (target.canvas.hidden ? null : patch),
    blocks: () => !target.canvas.hidden && blocks,
    shows: (s) => Boolean(target.canvas.hidden) || shown > s,
    follow(s) {
      if (!target.canvas.hidden && sure <= s) renew();
    },
  };
}
