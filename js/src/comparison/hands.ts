/** What pointers do on the pictures: pull the divider, move and zoom, click. */

import { moved, type Place, type Share, zoomed } from "./place";

export interface Handled {
  place(): Place;
  move(to: Place): void;
  /** Whether a divider is to be pulled by a pointer there, rather than the pictures moved. */
  pulls(event: PointerEvent): boolean;
  pull(to: number): void;
  click(): void;
  fit(): void;
  /** Whether the wheel is for the pictures, rather than for the page. */
  wheels(): boolean;
}

const STILL = 4; // CSS pixels that a click may go astray
const NOTCH = 0.0022; // of a wheel, as a share of the zoom
const LINE = 16; // CSS pixels of a line, where a wheel counts lines

/** The pane under an event, and where in it that is. */
function within(event: { target: EventTarget | null; clientX: number; clientY: number }) {
  const pane = (event.target as Element | null)?.closest<HTMLElement>(".rqe-pane");
  if (!pane) return undefined;
  const { left, top, width, height } = pane.getBoundingClientRect();
  const share = (x: number, y: number): Share => [(x - left) / width, (y - top) / height];
  return { pane, share, at: share(event.clientX, event.clientY) };
}

const middle = (points: Share[]): Share => {
  const [[ax, ay], [bx, by]] = [points[0] as Share, points.at(-1) as Share];
  return [(ax + bx) / 2, (ay + by) / 2];
};
const spread = (points: Share[]): number => {
  const [[ax, ay], [bx, by]] = [points[0] as Share, points.at(-1) as Share];
  return Math.hypot(bx - ax, by - ay);
};

/** Lets pointers and the wheel act on the panes of a stage. */
export function hands(stage: HTMLElement, handled: Handled): void {
  const down = new Map<number, Share>(); // where each pointer is in its pane
  let held: NonNullable<ReturnType<typeof within>> | undefined;
  let pulling = false;
  let began: [number, number] | undefined; // where a click began, while it can still be one

  const drag = (event: PointerEvent) => {
    if (!held) return;
    const before = [...down.values()];
    down.set(event.pointerId, held.share(event.clientX, event.clientY));
    const now = [...down.values()];
    if (pulling && now.length === 1) return handled.pull((now[0] as Share)[0]);
    const [[fx, fy], [tx, ty]] = [middle(before), middle(now)];
    const factor = now.length > 1 && spread(before) ? spread(now) / spread(before) : 1;
    // Zoomed first: what just fits cannot be moved.
    handled.move(moved(zoomed(handled.place(), factor, [fx, fy]), [tx - fx, ty - fy]));
  };
  stage.addEventListener("pointerdown", (event) => {
    const found = event.button ? undefined : within(event);
    if (!found || (down.size && held?.pane !== found.pane)) return;
    event.preventDefault();
    stage.focus({ preventScroll: true });
    held = found;
    found.pane.setPointerCapture(event.pointerId);
    down.set(event.pointerId, found.at);
    began = down.size === 1 ? [event.clientX, event.clientY] : undefined;
    pulling = down.size === 1 && handled.pulls(event);
    if (pulling) handled.pull(found.at[0]);
  });
  stage.addEventListener("pointermove", (event) => {
    if (!down.has(event.pointerId)) return;
    if (began && Math.hypot(event.clientX - began[0], event.clientY - began[1]) > STILL) began = undefined;
    drag(event);
  });
  const up = (event: PointerEvent) => {
    if (!down.delete(event.pointerId)) return;
    if (event.type === "pointerup" && began && !down.size) handled.click();
    began = undefined;
    pulling = false;
    if (!down.size) held = undefined;
  };
  stage.addEventListener("pointerup", up);
  stage.addEventListener("pointercancel", up);
  stage.addEventListener("dblclick", (event) => {
    event.preventDefault();
    handled.fit();
  });
  stage.addEventListener(
    "wheel",
    (event) => {
      const found = within(event);
      if (!found || !(event.ctrlKey || handled.wheels())) return;
      const pixels = event.deltaY * (event.deltaMode ? LINE : 1) * (event.ctrlKey ? 4 : 1); // a pinch comes in small steps
      const before = handled.place();
      const after = zoomed(before, Math.exp(-pixels * NOTCH), found.at);
      if (after.zoom === before.zoom && !event.ctrlKey) return; // the page may have it
      event.preventDefault();
      handled.move(after);
    },
    { passive: false },
  );
}
