/**
 * What has been drawn and not yet been shown by Python, drawn at once and exactly as it will look.
 *
 * Two canvases over the stage: `under` repeats the image wherever something is drawn and so covers the mask
 * as it was, `over` shows the mask's colour, as opaque as the mask is shown. Neither tints anything twice.
 */

import type { Board } from "./board";
import type { Detail } from "./detail";
import type { Outgoing } from "./model";
import type { World } from "./mount";
import { cover, surface, trace } from "./pixels";
import { encoded, isStroke, type Op, type Stroke, thickness } from "./strokes";

const LINGER = 150; // ms after the answer, should no repaint be seen

interface Sent {
  s: number;
  op: Op | null; // null for what changes the mask without a drawing
  settled: boolean;
}

export interface Echo {
  readonly els: HTMLElement[];
  /** Shows the newest points of the stroke being drawn, from the one at `from` on. */
  draw(stroke: Stroke, from: number): void;
  /** Shows this alone as being drawn, or nothing. */
  begin(op: Op | null): void;
  /** Sends it, and shows it until Python does. */
  commit(op: Op): void;
  /** Sends another change of the mask, which what was drawn before has to wait for. */
  send(message: Outgoing): number;
}

export function echo(board: Board, world: World, detail: Detail): Echo {
  const { link } = board;
  const [under, over] = [surface("rqe-under"), surface("rqe-over")];
  let sent: Sent[] = [];
  let live: Op | null = null;
  let [inked, due] = [false, 0];
  let color = "";

  const clear = () => {
    const { zoom, x, y } = board.painted();
    for (const each of [under, over]) {
      const scale = cover(each, board.size());
      each.context.resetTransform();
      each.context.clearRect(0, 0, each.canvas.width, each.canvas.height);
      each.context.setTransform(zoom * scale, 0, 0, zoom * scale, x * scale, y * scale);
    }
    inked = false;
  };
  const paint = (op: Op, from = 0) => {
    if (!inked) {
      clear();
      style();
    }
    inked = true;
    const adds = isStroke(op) ? op.t === "brush" : !op.sub;
    over.context.globalCompositeOperation = adds ? "source-over" : "destination-out";
    for (const { context } of [under, over]) {
      context.save();
      context.beginPath();
      context.rect(0, 0, ...board.source());
      context.clip();
      if (isStroke(op)) drawStroke(context, op, from);
      else {
        context.beginPath();
        trace(context, op.t, op.points);
        context.fill("evenodd"); // as Pillow fills
      }
      context.restore();
    }
  };
  const style = () => {
    under.context.imageSmoothingEnabled = !detail.blocks();
    under.context.fillStyle = under.context.strokeStyle = photoPattern() ?? "transparent";
    over.context.fillStyle = over.context.strokeStyle = board.color();
  };
  const photoPattern = () => {
    const shown = detail.photo() ?? previewPatch();
    if (!shown) return null;
    const pattern = under.context.createPattern(shown.bitmap, "no-repeat");
    pattern?.setTransform(
      new DOMMatrix([
        (shown.box[2] - shown.box[0]) / shown.bitmap.width,
        0,
        0,
        (shown.box[3] - shown.box[1]) / shown.bitmap.height,
        shown.box[0],
        shown.box[1],
      ]),
    );
    return pattern;
  };
  const previewPatch = () => {
    const bitmap = world.preview();
    const [width, height] = board.source();
    return bitmap && { bitmap, box: [0, 0, width, height] as const };
  };
  const redraw = () => {
    cancelAnimationFrame(due);
    due = 0;
    if (inked) clear();
    for (const { op } of sent) if (op) paint(op);
    if (live) paint(live);
  };
  const soon = () => {
    due ||= requestAnimationFrame(redraw);
  };
  const drop = () => {
    if (!sent.length || sent.some(({ s, settled }) => !settled || !detail.shows(s))) return;
    sent = [];
    soon();
  };
  const settle = (upTo: number) => {
    for (const one of sent) if (one.s <= upTo) one.settled = true;
    drop();
  };
  const remember = (s: number, op: Op | null) => {
    if (s) sent.push({ s, op, settled: false });
  };

  let answered = 0;
  link.hear("ack", ({ s, problem }) => {
    if (!sent.some((one) => one.s === s)) return;
    if (problem) {
      sent = sent.filter((one) => one.s !== s);
      soon();
    }
    answered = Math.max(answered, s);
    detail.follow(s);
    setTimeout(settle, LINGER, s);
  });
  world.repainted.on(() => settle(answered));
  detail.changed.on(() => {
    drop();
    if (sent.length || live) soon();
  });
  board.moved.on(soon);
  board.replaced.on(() => {
    sent = [];
    live = null;
    soon();
  });
  board.looked.on(() => {
    over.canvas.style.opacity = String(board.opacity());
    under.canvas.style.visibility = board.hidden() ? "hidden" : "";
    if (color !== board.color()) soon();
    color = board.color();
  });
  link.onWaiting(() => {
    if (!link.gone() || !sent.length) return;
    sent = []; // what nobody has heard is not shown
    soon();
  });
  link.signal.addEventListener("abort", () => cancelAnimationFrame(due));
  return {
    els: [under.canvas, over.canvas],
    draw(stroke, from) {
      live = stroke;
      if (due) redraw();
      else paint(stroke, from);
    },
    begin(op) {
      live = op;
      soon();
    },
    commit(op) {
      const drawn = live?.points === op.points;
      live = null;
      const { message, buffers } = encoded(op);
      const s = link.send(message, buffers);
      remember(s, op);
      if (!s) soon();
      else if (!due && !drawn) paint(op);
    },
    send(message) {
      const s = link.send(message);
      remember(s, null);
      return s;
    },
  };
}

/** As Python's raster does it: cells of whole pixels, a disc at each point, lines between. */
function drawStroke(context: CanvasRenderingContext2D, stroke: Stroke, from: number): void {
  const cell = (index: number, width: number): [number, number] => {
    const [x, y] = stroke.points[index] ?? [0, 0];
    return [Math.floor(x) + (width % 2) / 2, Math.floor(y) + (width % 2) / 2];
  };
  for (let index = from; index < stroke.points.length; index++) {
    const width = thickness(stroke, index);
    context.beginPath();
    context.arc(...cell(index, width), width / 2, 0, 2 * Math.PI);
    context.fill();
    if (!index) continue;
    const between = Math.floor((width + thickness(stroke, index - 1)) / 2);
    context.lineWidth = between - 1 + (between % 2);
    context.beginPath();
    context.moveTo(...cell(index - 1, 1));
    context.lineTo(...cell(index, 1));
    context.stroke();
  }
}
