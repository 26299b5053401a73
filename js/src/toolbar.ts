/** The buttons above the stage, and the options of the tool that is chosen. */

import type { Adjust } from "./adjust";
import type { Board } from "./board";
import { type Command, type Commands, keyName } from "./commands";
import { el, enable, icon } from "./dom";
import { ICONS } from "./icons";
import { TOOLS, type Tool } from "./model";
import { popover } from "./popover";

const SWATCHES: [string, string][] = [
  ["#e6194b", "red"],
  ["#ff8c00", "orange"],
  ["#2ecc40", "green"],
  ["#00a8ff", "blue"],
  ["#c65bff", "violet"],
];

export function button(
  command: Command,
  path: string,
  attributes: Record<string, string> = {},
): HTMLButtonElement {
  const [key] = command.keys;
  const label = key ? `${command.label} (${keyName(key)})` : command.label;
  return el(
    "button",
    { "aria-label": command.label, title: label, onclick: command.run, ...attributes },
    icon(path),
  );
}

export function toolbar(board: Board, all: Commands, adjust: Adjust): HTMLElement {
  const { link } = board;
  const group = (label: string, ...children: Node[]) =>
    el("div", { class: "rqe-group", role: "group", "aria-label": label }, ...children);
  const tools = TOOLS.map(
    (name) => [name, button(all[name], ICONS[name], { "aria-pressed": "false" })] as const,
  );
  const undo = button(all.undo, ICONS.undo);
  const redo = button(all.redo, ICONS.redo);
  const hide = button(all.hide, ICONS.eye, { "aria-pressed": "false" });
  const percent = button(all.fit, ICONS.fit);
  const mask = popover("Change the mask", ICONS.mask);
  const change = (name: "invert" | "fill" | "clear") =>
    el("button", { class: "rqe-item", onclick: all[name].run }, icon(ICONS[name]), all[name].label);
  mask.panel.append(change("invert"), change("fill"), change("clear"), el("hr"), adjust.el);
  mask.panel.addEventListener("toggle", (event) => {
    if ((event as ToggleEvent).newState === "closed") adjust.keep();
  });
  const look = popover("Colour and opacity of the mask", ICONS.drop);
  look.panel.append(...looks(board));
  const bar = el(
    "div",
    { class: "rqe-toolbar", role: "toolbar", "aria-label": "Mask tools" },
    group("Tools", ...tools.map(([, node]) => node)),
    group("History", undo, redo),
    group("Mask", mask.button, hide, look.button),
    group(
      "View",
      button(all.zoomOut, ICONS.minus),
      percent,
      button(all.actual, ICONS.actual),
      button(all.zoomIn, ICONS.plus),
    ),
    group("Help", button(all.help, ICONS.help)),
  );
  link.follow("tool", () => {
    const chosen = link.get("tool");
    for (const [name, node] of tools) node.setAttribute("aria-pressed", String(name === chosen));
    board.el.dataset.tool = chosen;
  });
  const steps = () => {
    enable(undo, all.undo.can?.() ?? true);
    enable(redo, all.redo.can?.() ?? true);
  };
  link.follow(["can_undo", "can_redo"], steps);
  link.onWaiting(steps);
  board.looked.on(() => {
    hide.setAttribute("aria-pressed", String(board.hidden()));
    hide.replaceChildren(icon(board.hidden() ? ICONS.eyeOff : ICONS.eye));
    (look.button.firstElementChild as SVGElement).style.fill = board.color();
  });
  rove(bar);
  return el("div", { class: "rqe-head" }, bar, mask.panel, look.panel);
}

/** One stop for Tab; arrows go on from there. */
function rove(bar: HTMLElement): void {
  const all = () => [...bar.querySelectorAll<HTMLButtonElement>("button")];
  const stop = (chosen: HTMLButtonElement | undefined) => {
    for (const each of all()) each.tabIndex = each === chosen ? 0 : -1;
  };
  stop(all()[0]);
  bar.addEventListener("focusin", (event) => stop(event.target as HTMLButtonElement));
  bar.addEventListener("keydown", (event) => {
    const buttons = all();
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    buttons.at(to % buttons.length)?.focus();
  });
}

function looks(board: Board): HTMLElement[] {
  const { link } = board;
  const pick = el("input", { type: "color", "aria-label": "Another colour", title: "Another colour" });
  pick.addEventListener("input", () => link.set("mask_color", pick.value));
  const swatches = SWATCHES.map(([color, name]) => {
    const node = el("button", { class: "rqe-swatch", "aria-label": name, title: name });
    node.style.setProperty("--rqe-mask", color);
    node.addEventListener("click", () => link.set("mask_color", color));
    return node;
  });
  const opacity = el("input", {
    type: "range",
    min: "5",
    max: "100",
    "aria-label": "Opacity of the mask in percent",
  });
  opacity.addEventListener("input", () => link.set("mask_opacity", Number(opacity.value) / 100));
  link.follow(["mask_color", "mask_opacity"], () => {
    pick.value = link.get("mask_color");
    opacity.value = String(Math.round(link.get("mask_opacity") * 100));
    swatches.forEach((node, index) => {
      node.setAttribute("aria-pressed", String(SWATCHES[index]?.[0] === link.get("mask_color")));
    });
  });
  return [
    el("div", { class: "rqe-swatches", role: "group", "aria-label": "Colour" }, ...swatches, pick),
    el("label", { class: "rqe-pair" }, el("span", {}, "Opacity"), opacity),
  ];
}

/** What the chosen tool has to set: the brush's size, whether shapes take away, what each side gains. */
export function options(board: Board, sides: HTMLElement): HTMLElement {
  const { link } = board;
  const number = el("input", { type: "number", min: "1", step: "1", "aria-label": "Brush size in pixels" });
  const slider = el("input", {
    type: "range",
    min: "0",
    max: "1",
    step: "0.005",
    "aria-label": "Brush size",
  });
  const most = () => Math.max(2, Math.round(Math.max(...board.source()) / 2));
  slider.addEventListener("input", () => link.set("brush", Math.round(most() ** Number(slider.value))));
  number.addEventListener("change", () => {
    link.set("brush", Math.max(1, Math.min(most(), Number(number.value) || 1)));
    number.value = String(link.get("brush"));
  });
  const size = el("div", { class: "rqe-pair" }, el("span", {}, "Size"), slider, number, el("span", {}, "px"));
  const modes = [false, true].map((takes) =>
    el("button", { onclick: () => link.set("subtract", takes) }, takes ? "Subtract" : "Add"),
  );
  const way = el(
    "div",
    { class: "rqe-group", role: "group", "aria-label": "Shapes", title: "S switches" },
    ...modes,
  );
  const hint = el("span", { class: "rqe-tip" });
  const hints: Partial<Record<Tool, string>> = {
    polygon: "Click sets corners; double click or Enter closes",
    hand: "Drag moves the view; Ctrl + wheel zooms",
  };
  link.follow(["brush", "source_size"], () => {
    const brush = link.get("brush");
    slider.value = String(Math.log(Math.max(1, brush)) / Math.log(most()));
    slider.setAttribute("aria-valuetext", `${brush} pixels`);
    number.max = String(most());
    if (!number.matches(":focus")) number.value = String(Math.round(brush));
  });
  link.follow("subtract", () => {
    modes.forEach((node, index) => {
      node.setAttribute("aria-pressed", String(link.get("subtract") === Boolean(index)));
    });
  });
  link.follow("tool", () => {
    const tool = link.get("tool");
    size.hidden = tool !== "brush" && tool !== "erase";
    way.hidden = !["rect", "ellipse", "lasso", "polygon"].includes(tool);
    sides.hidden = tool !== "extend";
    hint.textContent = hints[tool] ?? "";
  });
  return el("div", { class: "rqe-settings" }, size, way, sides, hint);
}
