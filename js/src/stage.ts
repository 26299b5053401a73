/** The left half of the editor: toolbar, options, stage, status line. */

import type { AnyModel } from "@anywidget/types";
import { adjust } from "./adjust";
import { board as boardOf } from "./board";
import { type Commands, commands } from "./commands";
import { detail as detailOf } from "./detail";
import { el } from "./dom";
import { echo as echoOf } from "./echo";
import { extension } from "./extend";
import { help } from "./help";
import { keyboard } from "./keyboard";
import { marks as marksOf } from "./marks";
import type { Link, Traits } from "./model";
import { world as worldOf } from "./mount";
import { pointer } from "./pointer";
import { status } from "./status";
import { options, toolbar } from "./toolbar";
import { tools as toolsOf } from "./tools";

export function stage(link: Link, model: AnyModel<Traits>): HTMLElement {
  const said = el("div", { class: "rqe-said rqe-unseen", "aria-live": "polite" });
  const board = boardOf(link, said);
  const world = worldOf(board, model);
  const detail = detailOf(board, world);
  const echo = echoOf(board, world, detail);
  const tools = toolsOf(board, world, echo);
  const marks = marksOf(board, tools);
  const { frame, sides } = extension(board);
  const keys = help((): Commands => all);
  const all = commands(board, echo, keys.open);
  keyboard(board, tools, marks, pointer(board, tools, marks), all);
  board.el.append(world.el, detail.el, ...echo.els, frame, ...marks.els);
  const { line, notices } = status(board);
  const node = el(
    "div",
    { class: "rqe-work" },
    toolbar(board, all, adjust(board, echo)),
    options(board, sides),
    board.el,
    line,
    notices,
    said,
    keys.el,
  );
  board.looked.ring();
  return node;
}
