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
import { surface } from "./pixels";
import { encoded, isStroke, type Op, type Stroke, thickness } from "./strokes";
import { canvasScale } from "./viewport";

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
  let inked = false;

  const clear = () => {
    const [width, height] = board.size();
    const scale = canvasScale([width, height], window.devicePixelRatio || 1);
    const { zoom, x, y } = board.view();
    for (const { canvas, context } of [under, over]) {
      const [across, down] = [Math.ceil(width * scale), Math.ceil(height * scale)];
      if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
      context.resetTransform();
      context.clearRect(0, 0, across, down);
      context.setTransform(zoom * scale, 0, 0, zoom * scale, x * scale, y * scale);
    }
    inked = false;
  };
  const paint = (op: Op, from = 0) => {
    if (!inked) style();
    inked = true;
    const adds = isStroke(op) ? op.t === "brush" : !op.sub;
    over.context.globalCompositeOperation = adds ? "source-over" : "destination-out";
    for (const { context } of [under, over]) {
      context.save();
      context.beginPath();
      context.rect(0, 0, ...board.source());
      context.clip();
      if (isStroke(op)) drawStroke(context, op, from);
      else drawShape(context, op);
      context.restore();
    }
  };
  const style = () => {
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
    clear();
    for (const { op } of sent) if (op) paint(op);
    if (live) paint(live);
  };
  const drop = () => {
    if (!sent.length || sent.some(({ s, settled }) => !settled || !detail.shows(s))) return;
    sent = [];
    redraw();
  };
  const settle = (upTo: number) => {
    for (const one of sent) if (one.s <= upTo) one.settled = true;
    drop();
  };
  const remember = (s: number, op: Op | null) => {
    if (s) sent.push({ s, op, settled: false });
    else redraw(); // nobody heard it, so it is not shown
  };

  let answered = 0;
  link.hear("ack", ({ s, problem }) => {
    if (!sent.some((one) => one.s === s)) return;
    if (problem) {
      sent = sent.filter((one) => one.s !== s);
      redraw();
    }
    answered = Math.max(answered, s);
    detail.follow(s);
    setTimeout(settle, LINGER, s);
  });
  world.repainted.on(() => settle(answered));
  detail.changed.on(() => {
    drop();
    if (sent.length || live) redraw();
  });
  board.moved.on(redraw);
  board.replaced.on(() => {
    sent = [];
    live = null;
    redraw();
  });
  board.looked.on(() => {
    over.canvas.style.opacity = String(board.opacity());
    under.canvas.style.visibility = board.hidden() ? "hidden" : "";
    redraw();
  });
  link.onWaiting(() => {
    if (!link.gone() || !sent.length) return;
    sent = [];
    redraw();
  });
  return {
    els: [under.canvas, over.canvas],
    draw(stroke, from) {
      live = stroke;
      paint(stroke, from);
    },
    begin(op) {
      live = op;
      redraw();
    },
    commit(op) {
      live = null;
      const { message, buffers } = encoded(op);
      remember(link.send(message, buffers), op);
      redraw();
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
  const widths = thickness(stroke);
  const cell = (index: number, width: number): [number, number] => {
    const [x, y] = stroke.points[index] ?? [0, 0];
    return [Math.floor(x) + (width % 2) / 2, Math.floor(y) + (width % 2) / 2];
  };
  for (let index = from; index < stroke.points.length; index++) {
    const width = widths[index] ?? 1;
    context.beginPath();
    context.arc(...cell(index, width), width / 2, 0, 2 * Math.PI);
    context.fill();
    if (!index) continue;
    const between = Math.floor((width + (widths[index - 1] ?? 1)) / 2);
    context.lineWidth = between - 1 + (between % 2);
    context.beginPath();
    context.moveTo(...cell(index - 1, 1));
    context.lineTo(...cell(index, 1));
    context.stroke();
  }
}

function drawShape(context: CanvasRenderingContext2D, { t, points }: { t: Op["t"]; points: Op["points"] }) {
  const [[left, top] = [0, 0], [right, bottom] = [0, 0]] = points;
  context.beginPath();
  if (t === "rect") context.rect(left, top, right - left, bottom - top);
  else if (t === "ellipse") {
    const [across, down] = [(right - left) / 2, (bottom - top) / 2];
    context.ellipse(left + across, top + down, across, down, 0, 0, 2 * Math.PI);
  } else for (const point of points) context.lineTo(...point);
  context.closePath();
  context.fill();
}
