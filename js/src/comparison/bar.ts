/** The buttons over the pictures. */

import { el, enable, icon } from "../dom";
import { div } from "../pieces";
import { type Act, MODES, type Mode } from "./keys";

const ICONS = {
  plus: "M5 12h14M12 5v14",
  minus: "M5 12h14",
  fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  swap: "M4 8h15M15.5 4.5 19 8l-3.5 3.5M20 16H5M8.5 12.5 5 16l3.5 3.5",
  pause: "M9 5v14M15 5v14",
  play: "M8 5l11 7-11 7z",
  help: "M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.5v.01",
};

export interface State {
  mode: Mode;
  outlined: boolean;
  playing: boolean | undefined; // undefined where nothing blinks
  enlarged: boolean;
}

export interface Bar {
  element: HTMLElement;
  show(state: State): void;
}

export interface Offers {
  view: string;
  modes: Mode[];
  masked: boolean;
  more: Node[];
}

/** The ways to look, as radio buttons. */
function looks(view: string, modes: Mode[], run: (act: Act) => void) {
  const choices = modes.map((mode) => {
    const [name, key] = MODES[mode];
    const onchange = () => run({ do: "mode", mode });
    const input = el("input", { type: "radio", name: `rqe-${view}-look`, onchange });
    return { mode, input, label: el("label", { title: `${name} (${key})` }, input, name) };
  });
  const labels = choices.map(({ label }) => label);
  const group = { class: "rqe-modes", role: "radiogroup", "aria-label": "How to look" };
  return { choices, element: el("div", group, ...labels) };
}

export function bar({ view, modes, masked, more }: Offers, run: (act: Act) => void): Bar {
  const tool = (label: string, key: string, path: string, what: Act) => {
    const names = { "aria-label": label, title: `${label} (${key})` };
    return el("button", { ...names, onclick: () => run(what) }, icon(path));
  };
  const { choices, element } = looks(view, modes, run);
  const outline = { class: "outlined", title: "Outline of the mask (m)" };
  const mask = el("button", { ...outline, onclick: () => run({ do: "mask" }) }, "Mask");
  const play = el("button", { onclick: () => run({ do: "play" }) });
  const fit = tool("Fit", "0", ICONS.fit, { do: "fit" });
  const zoom = [
    tool("Reduce", "−", ICONS.minus, { do: "zoom", factor: 1 / 1.5 }),
    tool("Enlarge", "+", ICONS.plus, { do: "zoom", factor: 1.5 }),
    fit,
  ];
  const swap = tool("Swap left and right", "Space", ICONS.swap, { do: "swap" });
  const help = tool("Keys", "?", ICONS.help, { do: "help" });
  const left = div("tools", element, play, ...(masked ? [mask] : []));
  return {
    element: div("bar", left, div("tools", ...zoom, swap, ...more, help)),
    show({ mode, outlined, playing, enlarged }) {
      for (const choice of choices) choice.input.checked = choice.mode === mode;
      mask.setAttribute("aria-pressed", String(outlined));
      play.hidden = playing === undefined;
      play.title = playing ? "Pause" : "Blink by itself";
      play.setAttribute("aria-label", play.title);
      play.replaceChildren(icon(playing ? ICONS.pause : ICONS.play));
      enable(fit, enlarged);
    },
  };
}
