/** The pointer on the stage: drawing, moving the view, pinching, and the wheel. */

import type { Board } from "./board";
import type { Marks } from "./marks";
import type { Held, Tools } from "./tools";
import { type Point, pan, zoomAt } from "./viewport";

export interface Hand {
  /** Space is down: dragging moves the image. */
  space(down: boolean): void;
}

export function resized(brush: number, factor: number, source: [number, number]): number {
  const most = Math.max(source[0], source[1]) / 2;
  const next = brush * factor;
  const rounded = factor > 1 ? Math.ceil(next) : Math.floor(next);
  return Math.max(1, Math.min(rounded, Math.max(1, Math.round(most))));
}

const STRIDE = 0.25; // the most that one turn of the wheel zooms, as a logarithm

const heldOf = (event: MouseEvent): Held => ({ shift: event.shiftKey, alt: event.altKey });
// as it is sent, so that what is drawn here is as wide as what Python draws
const pressureOf = (event: PointerEvent) =>
  event.pointerType === "pen" ? Math.round((event.pressure || 1) * 255) / 255 : 1;

export function pointer(board: Board, tools: Tools, marks: Marks): Hand {
  const { el, link } = board;
  const touches = new Map<number, Point>();
  let drawing: number | null = null; // one pointer draws or drags; others wait, but for a second finger
  let dragging: { id: number; at: Point } | null = null;
  let space = false;

  const listen = <K extends keyof HTMLElementEventMap>(
    kind: K,
    then: (event: HTMLElementEventMap[K]) => void,
  ) => el.addEventListener(kind, then, { signal: link.signal, passive: false });
  const grip = () => el.toggleAttribute("data-grip", space || dragging !== null);
  const pinched = () => {
    const [a, b] = [...touches.values()] as [Point, Point];
    return {
      middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] as Point,
      apart: Math.max(1, Math.hypot(a[0] - b[0], a[1] - b[1])),
    };
  };
  const pinch = (id: number, at: Point) => {
    const before = pinched();
    touches.set(id, at);
    const after = pinched();
    const moved = pan(board.view(), after.middle[0] - before.middle[0], after.middle[1] - before.middle[1]);
    board.move(zoomAt(moved, after.apart / before.apart, after.middle, least()));
  };
  const least = () => board.fitting() / 2;

  listen("pointerdown", (event) => {
    el.focus({ preventScroll: true });
    const at = board.at(event);
    const holder = drawing ?? dragging?.id ?? event.pointerId;
    const touch = event.pointerType === "touch";
    if (holder !== event.pointerId && !(touch && touches.has(holder))) return event.preventDefault();
    if (drawing === event.pointerId) release(event, true); // its end was not told
    if (touch) {
      touches.set(event.pointerId, at);
      if (touches.size === 2) {
        if (drawing !== null) tools.abandon();
        drawing = dragging = null;
      }
      if (touches.size > 1) return el.setPointerCapture(event.pointerId);
    }
    const moves = event.button === 1 || space || ["hand", "extend"].includes(link.get("tool"));
    if (event.button > 1 || (event.button === 1 && !moves)) return;
    event.preventDefault();
    el.setPointerCapture(event.pointerId);
    if (moves) {
      dragging = { id: event.pointerId, at };
      grip();
      return;
    }
    drawing = event.pointerId;
    marks.point(at);
    tools.begin(at, heldOf(event), pressureOf(event));
  });
  listen("pointermove", (event) => {
    const at = board.at(event);
    if (drawing !== null && drawing !== event.pointerId) return;
    if (touches.has(event.pointerId)) {
      if (touches.size > 1) return touches.size === 2 ? pinch(event.pointerId, at) : undefined;
      touches.set(event.pointerId, at);
    }
    if (dragging?.id === event.pointerId) {
      board.move(pan(board.view(), at[0] - dragging.at[0], at[1] - dragging.at[1]));
      dragging.at = at;
    }
    marks.point(at);
    const polygon = tools.draft()?.kind === "polygon";
    if (drawing !== event.pointerId && !polygon) return;
    const gone = event.getCoalescedEvents?.() ?? [];
    for (const each of gone.length ? gone : [event]) {
      tools.move(board.at(each), heldOf(event), pressureOf(each));
    }
  });
  const release = (event: PointerEvent, whole: boolean) => {
    if (touches.delete(event.pointerId)) marks.point(null);
    if (dragging?.id === event.pointerId) dragging = null;
    grip();
    if (drawing !== event.pointerId) return;
    drawing = null;
    if (whole) tools.end();
    else tools.abandon();
  };
  listen("pointerup", (event) => release(event, true));
  listen("pointercancel", (event) => release(event, false));
  listen("lostpointercapture", (event) => release(event, true)); // where nothing told of its end
  listen("pointerleave", () => {
    if (drawing === null && !marks.keyed()) marks.point(null);
  });
  listen("dblclick", () => void tools.close());
  listen("contextmenu", (event) => {
    if (tools.busy()) event.preventDefault();
  });
  listen("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey) return; // the notebook's
    event.preventDefault();
    event.stopPropagation();
    const turn = event.deltaY * (event.deltaMode ? 18 : 1);
    const zoom = Math.exp(-Math.max(-STRIDE, Math.min(turn / 100, STRIDE))); // pinching on a pad turns little
    if (event.altKey) {
      const factor = turn < 0 ? 1.15 : 1 / 1.15;
      link.set("brush", resized(link.get("brush"), factor, board.source()));
    } else board.move(zoomAt(board.view(), zoom, board.at(event), least()));
  });
  return {
    space(down) {
      space = down;
      grip();
    },
  };
}
