/** Everything a key or a button can do, under one name each, with the keys that do it. */

import type { Board } from "./board";
import type { Echo } from "./echo";
import { type Outgoing, TOOLS, type Tool } from "./model";
import { dpr } from "./pixels";
import { resized } from "./pointer";
import { type Point, zoomAt } from "./viewport";

export interface Command {
  label: string;
  keys: string[]; // as KeyboardEvent.key, "Mod+" for Ctrl or Cmd
  run(): void;
  held?: boolean; // acts again while its key is held
  /** Whether there is anything to do. */
  can?(): boolean;
}

export type Name =
  | Tool
  | "subtract"
  | "smaller"
  | "larger"
  | "muchSmaller"
  | "muchLarger"
  | "hide"
  | "invert"
  | "fill"
  | "clear"
  | "undo"
  | "redo"
  | "zoomIn"
  | "zoomOut"
  | "fit"
  | "actual"
  | "help";

export type Commands = Record<Name, Command>;

export const TOOL_LABELS: Record<Tool, [string, string]> = {
  brush: ["Brush", "b"],
  erase: ["Eraser", "e"],
  rect: ["Rectangle", "r"],
  ellipse: ["Ellipse", "o"],
  lasso: ["Lasso", "l"],
  polygon: ["Polygon", "p"],
  extend: ["Extend the image", "x"],
  hand: ["Move the view", "h"],
};

const STEPS = ["op", "redo", "settle", "use", "remask"] as const; // messages that undo takes back

export function commands(board: Board, echo: Echo, help: () => void): Commands {
  const { link } = board;
  const middle = (): Point => [board.size()[0] / 2, board.size()[1] / 2];
  const zoom = (factor: number) => board.move(zoomAt(board.view(), factor, middle(), board.fitting() / 2));
  const brush = (label: string, key: string, factor: number): Command => ({
    label,
    keys: [key],
    held: true,
    run() {
      link.set("brush", resized(link.get("brush"), factor, board.source()));
      board.say(`brush ${link.get("brush")} pixels`);
    },
  });
  const change = (t: "invert" | "clear" | "fill", said: string) => () => send({ k: "op", t }, said);
  const send = (message: Outgoing, said: string) => {
    if (echo.send(message)) board.say(said);
  };
  const step = (k: "undo" | "redo", label: string, keys: string[], can: () => boolean): Command => ({
    label,
    keys,
    held: true,
    can,
    run: () => (can() ? send({ k }, `${k} done`) : board.say(`nothing to ${k}`)),
  });
  const tool = (name: Tool): Command => ({
    label: TOOL_LABELS[name][0],
    keys: [TOOL_LABELS[name][1]],
    run() {
      link.set("tool", name);
      board.say(TOOL_LABELS[name][0]);
    },
  });
  return {
    ...(Object.fromEntries(TOOLS.map((name) => [name, tool(name)])) as Record<Tool, Command>),
    subtract: {
      label: "Shapes take away",
      keys: ["s"],
      run() {
        link.set("subtract", !link.get("subtract"));
        board.say(link.get("subtract") ? "shapes take away" : "shapes add");
      },
    },
    smaller: brush("Smaller brush", "[", 1 / 1.15),
    larger: brush("Larger brush", "]", 1.15),
    muchSmaller: brush("Much smaller brush", "{", 1 / 1.6),
    muchLarger: brush("Much larger brush", "}", 1.6),
    hide: {
      label: "Show or hide the mask",
      keys: ["m"],
      run() {
        board.hide(!board.hidden());
        board.say(board.hidden() ? "mask hidden" : "mask shown");
      },
    },
    invert: { label: "Invert the mask", keys: ["i"], run: change("invert", "mask inverted") },
    fill: { label: "Select everything", keys: ["a"], run: change("fill", "everything selected") },
    clear: { label: "Clear the mask", keys: ["Delete"], run: change("clear", "mask cleared") },
    // what is on its way may be undone before Python has said so
    undo: step("undo", "Undo", ["Mod+z"], () => link.get("can_undo") || link.waiting(...STEPS).length > 0),
    redo: step(
      "redo",
      "Redo",
      ["Mod+Shift+z", "Mod+y"],
      () => link.get("can_redo") || link.waiting("undo").length > 0,
    ),
    zoomIn: { label: "Zoom in", keys: ["+", "="], held: true, run: () => zoom(1.25) },
    zoomOut: { label: "Zoom out", keys: ["-", "_"], held: true, run: () => zoom(0.8) },
    fit: { label: "Fit the image", keys: ["0"], run: () => board.fit() },
    actual: {
      label: "Actual pixels",
      keys: ["1"],
      run: () => zoom(1 / dpr() / board.view().zoom),
    },
    help: { label: "All keys", keys: ["?"], run: help },
  };
}

/** A key as people write it. */
export function keyName(key: string): string {
  return key
    .split("+")
    .map((part) => (part.length === 1 ? part.toUpperCase() : part === "Mod" ? "Ctrl" : part))
    .join(key === "+" ? "" : "+")
    .replace(/^$/, "+");
}
