/** The image and the mask in preview pixels: ipycanvas where its views can be made, else painted here. */

import type { AnyModel } from "@anywidget/types";
import { type Bell, bell } from "./bell";
import type { Board } from "./board";
import { el, urls } from "./dom";
import type { Size, Traits } from "./model";
import { decoded, surface, tinter } from "./pixels";

interface CanvasModel extends AnyModel {
  canvas?: HTMLCanvasElement;
}

interface CanvasView {
  el: unknown;
  remove(): void;
}

/** `create_view` is ipywidgets' own; other hosts lack it, so it is asked for, not relied on. */
interface Manager {
  get_model(id: string): Promise<CanvasModel>;
  create_view?(model: CanvasModel): Promise<CanvasView>;
}

export interface World {
  readonly el: HTMLElement;
  preview(): ImageBitmap | null;
  /** The mask on the screen has been painted anew. */
  readonly repainted: Bell;
}

export function world(board: Board, model: AnyModel<Traits>): World {
  const { link } = board;
  const repainted = bell();
  const url = urls(link.signal);
  const photo = el("img", { alt: "", class: "rqe-still", draggable: "false" });
  const mask = surface("rqe-still", true);
  const tint = el("div", { class: "rqe-tint" }, mask.canvas);
  const node = el("div", { class: "rqe-world", "aria-hidden": "true" }, photo, tint);
  let preview: ImageBitmap | null = null;
  const paint = tinter(mask);
  let grey: ImageBitmap | null = null;
  let missed = false; // a mask came while this one was hidden

  const place = () => {
    const { zoom, x, y } = board.painted();
    const [width, height] = board.source();
    const [across, down]: Size = preview ? [preview.width, preview.height] : [width, height];
    node.style.width = `${across}px`;
    node.style.height = `${down}px`;
    node.style.transform = `translate(${x}px, ${y}px) scale(${(zoom * width) / across}, ${(zoom * height) / down})`;
  };
  const paintMask = () => {
    if (grey && !mask.canvas.hidden) paint(grey, board.color());
  };
  board.moved.on(place);
  board.looked.on(() => {
    tint.style.opacity = String(board.opacity());
    paintMask();
  });
  // Counted, not compared: a host that repeats a state gives other bytes that are equal, and tells of no change.
  const rounds = { preview: 0, mask: 0 };
  link.follow("preview", async () => {
    const [bytes, mine] = [link.get("preview"), ++rounds.preview];
    const bitmap = await decoded(bytes, "image/webp");
    if (link.signal.aborted || mine !== rounds.preview) return bitmap?.close();
    preview?.close();
    preview = bitmap;
    if (bitmap) photo.src = url(bytes, "image/webp", photo.src);
    place();
    board.replaced.ring();
  });
  const readMask = async () => {
    const [bytes, mine] = [link.get("mask_png"), ++rounds.mask];
    missed = Boolean(mask.canvas.hidden);
    if (missed) {
      mask.canvas.width = 0; // an old one must never show
      return;
    }
    const bitmap = await decoded(bytes, "image/png");
    if (link.signal.aborted || mine !== rounds.mask) return bitmap?.close();
    grey?.close();
    grey = bitmap;
    paintMask();
    if (!mask.canvas.hidden) repainted.ring();
  };
  link.follow("mask_png", readMask);
  const slots = { _photo: slot(node, tint, photo), _overlay: slot(tint, null, mask.canvas) };
  const remount = async () => {
    for (const name of ["_photo", "_overlay"] as const) slots[name].clear();
    if (missed) readMask();
    else paintMask();
    const manager = model.widget_manager as unknown as Manager | undefined;
    for (const name of ["_photo", "_overlay"] as const) {
      const reference = link.get(name);
      const painted = name === "_overlay" ? repainted.ring : () => {};
      if (reference && manager) await slots[name].fill(manager, reference, slots._photo.painted, painted);
    }
    if (link.signal.aborted) for (const held of Object.values(slots)) held.clear();
  };
  link.follow(["_photo", "_overlay"], later(remount));
  link.signal.addEventListener("abort", () => {
    for (const held of Object.values(slots)) held.clear();
    preview?.close();
    grey?.close();
  });
  return { el: node, preview: () => preview, repainted };
}

/** Several changes that come together are one. */
function later(then: () => void): () => void {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    queueMicrotask(() => {
      due = false;
      then();
    });
  };
}

/** One ipycanvas view in its parent, which takes the place of a stand-in once it shows something. */
function slot(parent: HTMLElement, before: Node | null, standIn: HTMLElement) {
  let round = 0;
  let release = () => {};
  const held = {
    painted: () => Boolean(standIn.hidden),
    clear() {
      round += 1;
      release();
      release = () => {};
      standIn.hidden = false;
    },
    async fill(manager: Manager, reference: string, already: () => boolean, painted: () => void) {
      const mine = round;
      const view = await viewOf(manager, reference);
      if (!view) return;
      const { child, made, canvas } = view;
      if (mine !== round) return made.remove();
      canvas.classList.add("rqe-live");
      canvas.removeAttribute("tabindex");
      parent.insertBefore(canvas, before);
      const fresh = () => {
        standIn.hidden = true;
        painted();
      };
      if (already() || shows(child.canvas)) standIn.hidden = true;
      child.on("new-frame", fresh);
      release = () => {
        child.off("new-frame", fresh);
        made.remove();
      };
    },
  };
  return held;
}

async function viewOf(manager: Manager, reference: string) {
  try {
    if (!manager.create_view) return null;
    const child = await manager.get_model(reference.replace(/^(IPY_MODEL_|anywidget:)/, ""));
    const made = await manager.create_view(child);
    if (made.el instanceof HTMLCanvasElement) return { child, made, canvas: made.el };
    made.remove(); // the front end of ipycanvas is missing: the view is an error in words
  } catch {
    // likewise, said otherwise: the model is gone, or the host has none
  }
  return null;
}

/** Whether a canvas shows anything in its middle: an image does, once painted. */
function shows(canvas: HTMLCanvasElement | undefined): boolean {
  if (!canvas?.width || !canvas.height) return false;
  const { context } = surface("", true);
  context.drawImage(canvas, canvas.width / 2, canvas.height / 2, 1, 1, 0, 0, 1, 1);
  return (context.getImageData(0, 0, 1, 1).data[3] ?? 0) > 0;
}
