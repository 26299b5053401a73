/** What the editor's logic needs of a page, without one: a comm, a stage, canvases that note what is drawn. */

import type { AnyModel } from "@anywidget/types";
import { bell } from "../src/bell";
import type { Board } from "../src/board";
import { connect, type Link, type Traits } from "../src/model";
import type { View } from "../src/viewport";

export interface SentMessage {
  k: string;
  s: number;
  t?: string;
}

/** A model whose comm is alive or dead, as ipywidgets' is. */
export class Comm {
  readonly sent: SentMessage[] = [];
  readonly buffers: ArrayBuffer[][] = [];
  dead = false;
  private readonly heard = new Map<string, Set<(...parts: unknown[]) => void>>();
  private readonly values: Record<string, unknown> = {
    tool: "brush",
    brush: 20,
    subtract: false,
    can_undo: false,
    can_redo: false,
  };

  get = (name: string) => this.values[name];
  set = (name: string, value: unknown) => {
    this.values[name] = value;
    this.emit(`change:${name}`);
  };
  on = (name: string, then: (...parts: unknown[]) => void) => {
    this.heard.set(name, (this.heard.get(name) ?? new Set()).add(then));
  };
  off = (name: string, then: (...parts: unknown[]) => void) => void this.heard.get(name)?.delete(then);
  emit = (name: string, ...parts: unknown[]) => {
    for (const then of [...(this.heard.get(name) ?? [])]) then(...parts);
  };
  listeners = () => [...this.heard.values()].reduce((sum, each) => sum + each.size, 0);
  save_changes = () => {
    if (this.dead) throw new Error("Cannot send");
  };
  send = (content: SentMessage, _: unknown, buffers: ArrayBuffer[] = []) => {
    if (this.dead) throw new Error("Cannot send");
    this.sent.push(content);
    this.buffers.push(buffers);
  };
  answer = (s: number, problem?: string) => this.emit("msg:custom", { k: "ack", s, problem }, []);
}

export function linked(comm = new Comm()) {
  const ended = new AbortController();
  return { comm, ended, link: connect(comm as unknown as AnyModel<Traits>, ended.signal) };
}

/** An element that hears events. */
class Stage extends EventTarget {
  focus = () => {};
  setPointerCapture = () => {};
  toggleAttribute = () => {};
}

/** A stage of 500 x 400 with an image of 1000 x 800 on it, its corner in the stage's. */
export function staged(link: Link) {
  const [moved, looked, replaced] = [bell(), bell(), bell()];
  const said: string[] = [];
  let view: View = { zoom: 1, x: 0, y: 0 };
  const board = {
    link,
    el: new Stage(),
    moved,
    looked,
    replaced,
    source: () => [1000, 800],
    size: () => [500, 400],
    view: () => view,
    painted: () => view,
    fitting: () => 0.5,
    move(wanted: View) {
      view = wanted;
      moved.ring();
    },
    at: ({ clientX, clientY }: { clientX: number; clientY: number }) => [clientX, clientY],
    hidden: () => false,
    opacity: () => 0.5,
    color: () => "#ff0000",
    say: (text: string) => said.push(text),
  };
  return { board: board as unknown as Board, said };
}

/** An event with what the editor reads of one. */
export function event(kind: string, values: object): Event {
  const held = { shiftKey: false, altKey: false, ctrlKey: false, metaKey: false };
  return Object.assign(new Event(kind, { bubbles: true, cancelable: true }), held, values);
}

/** A context of which each method's calls are noted, and which keeps what is set. */
class Canvas {
  width = 300;
  height = 150;
  hidden = false;
  className = "";
  readonly style: Record<string, string> = {};
  readonly calls: [string, unknown[]][] = [];
  setAttribute = () => {};
  getContext = () =>
    new Proxy({} as Record<string, unknown>, {
      get: (kept, name: string) =>
        name in kept
          ? kept[name]
          : (...parts: unknown[]) => {
              this.calls.push([name, parts]);
              return null;
            },
    });
  count = (name: string) => this.calls.filter(([called]) => called === name).length;
}

/** Puts what is needed of a window in place; returns the canvases made from then on, and a way to the next frame. */
export function windowed() {
  const canvases: Canvas[] = [];
  const frames = new Map<number, () => void>();
  let number = 0;
  Object.assign(globalThis, {
    window: globalThis,
    document: {
      createElement() {
        const canvas = new Canvas();
        canvases.push(canvas);
        return canvas;
      },
    },
    requestAnimationFrame(then: () => void) {
      number += 1;
      frames.set(number, then);
      return number;
    },
    cancelAnimationFrame: (frame: number) => frames.delete(frame),
  });
  const frame = () => {
    const due = [...frames.values()];
    frames.clear();
    for (const then of due) then();
    return due.length;
  };
  return { canvases, frame };
}
