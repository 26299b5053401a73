/** Source and result, or any two pictures, looked at in four ways. */

import "./compare.css";
import { el, urls } from "./dom";
import { button, div } from "./pieces";
import { contained, frame, lowered, type Names, picture, type Size, slider } from "./slider";

const GAIN = 4; // how much a difference is amplified

export interface Pictures {
  prompt: string;
  masked: boolean;
  leak: string;
  size: Size; // of the source as framed and of the restored picture
  left?: Size; // of the left picture, where it is not the source as framed
  received: Size;
  bytes: DataView[]; // source, restored, perhaps received, perhaps the heat map; or one picture alone
}

/** Absolute difference of two RGBA pictures of one size, amplified, opaque; what is transparent counts as well. */
export function difference(
  a: Uint8ClampedArray,
  b: Uint8ClampedArray,
  gain: number,
): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(a.length);
  for (let at = 0; at < a.length; at += 4) {
    const mine = a[at + 3] ?? 0;
    const other = b[at + 3] ?? 0;
    const alpha = Math.abs(mine - other);
    for (let channel = at; channel < at + 3; channel += 1) {
      const light = Math.abs(((a[channel] ?? 0) * mine - (b[channel] ?? 0) * other) / 255);
      out[channel] = gain * Math.max(light, alpha);
    }
    out[at + 3] = 255;
  }
  return out;
}

/** What a comparison is of, and how it is looked at first. */
export interface Subject {
  names: Names;
  mode: Mode;
}

const AN_EDIT: Subject = { names: ["Source", "Result"], mode: "beside" };

/** What a comparison stands on: its own name on the page, and its end. */
export interface Ground {
  readonly view: string;
  readonly signal: AbortSignal;
}

const figure = (caption: string, size: Size, image: Node) =>
  el("figure", {}, frame(size, image), el("figcaption", {}, `${caption}, ${size.join(" × ")}`));

async function drawDifference(canvas: HTMLCanvasElement, images: [HTMLImageElement, HTMLImageElement]) {
  await Promise.all(images.map((image) => image.decode()));
  const { naturalWidth: width, naturalHeight: height } = images[0];
  Object.assign(canvas, { width, height });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (!pen) return;
  const pixels = (image: HTMLImageElement) => {
    pen.clearRect(0, 0, width, height);
    pen.drawImage(image, ...contained([image.naturalWidth, image.naturalHeight], [width, height]));
    return pen.getImageData(0, 0, width, height).data;
  };
  const data = difference(pixels(images[0]), pixels(images[1]), GAIN);
  pen.putImageData(new ImageData(data, width), 0, 0);
}

const MODES = { beside: "Beside", slider: "Slider", difference: "Difference", heat: "Heat map" };
type Mode = keyof typeof MODES;

const RESTORED = "Restored: kept exactly as it was outside the mask.";
const RECEIVED = "As received: the model redraws everything.";

const fits = ({ received, size }: Pictures) => {
  const [left, top] = contained(received, size);
  return left < 1 && top < 1;
};

/** What is said under the pictures. */
function words(mode: Mode, [left, right]: Names, pictures: Pictures, raw: boolean): string {
  if (mode === "heat") return pictures.leak;
  const lines: string[] = [];
  if (mode === "slider") lines.push(`${left} at the left, ${lowered(right)} at the right.`);
  if (mode === "difference")
    lines.push(
      `Absolute difference of ${lowered(left)} and ${lowered(right)}, amplified ${GAIN} times: black is equal.`,
    );
  if (pictures.masked) lines.push(raw ? RECEIVED : RESTORED);
  if (raw && !fits(pictures) && mode !== "beside")
    lines.push("Its shape is not the source’s: it is fitted in.");
  return lines.join(" ");
}

export interface Compare {
  element: HTMLElement;
  /** Shows pictures, or a line of text under a thumb while there are none. */
  show(pictures: Pictures): void;
  wait(text: string, thumb: DataView | undefined, size: Size): void;
  /** Whether the picture as received is shown. */
  raw(): boolean;
}

export function compare(ground: Ground, { names, mode: first } = AN_EDIT): Compare {
  const put = urls(ground.signal);
  const sources: string[] = [];
  let shown: Pictures | undefined;
  let mode = first;
  let wantsRaw = false;
  const stage = el("div", { class: "rqe-sight" });
  const caption = el("p", { class: "rqe-quiet" });
  const choose = (name: Mode) => {
    const onchange = () => {
      mode = name;
      draw();
    };
    const input = el("input", { type: "radio", name: `rqe-${ground.view}-mode`, onchange });
    return { name, input, label: el("label", {}, input, MODES[name]) };
  };
  const choices = (Object.keys(MODES) as Mode[]).map(choose);
  const labels = choices.map(({ label }) => label);
  const modes = el("div", { class: "rqe-modes", role: "radiogroup", "aria-label": "Compare" }, ...labels);
  const toggle = button("As received", () => {
    wantsRaw = !wantsRaw;
    draw();
  });
  const load = (at: number, bytes: DataView): string => {
    const url = put(bytes, bytes.getUint8(0) === 0xff ? "image/jpeg" : "image/webp", sources[at]);
    sources[at] = url;
    return url;
  };
  const received = () => shown?.masked === true && shown.bytes.length > 2;
  const raw = () => wantsRaw && received();
  const fill = (name: Mode | "alone" | "wait", text: string, ...pictures: Node[]) => {
    stage.dataset.mode = name;
    stage.replaceChildren(...pictures);
    caption.textContent = text;
  };

  const alone = ({ size, prompt }: Pictures) => {
    modes.hidden = toggle.hidden = true;
    fill("alone", "", frame(size, picture(sources[0] ?? "", `${names[1]}: ${prompt}`)));
  };
  const draw = () => {
    if (!shown) return;
    const { size, prompt, masked, bytes } = shown;
    if (bytes.length < 2) return alone(shown);
    const [one = "", restored = "", asReceived = "", heat = ""] = sources;
    const heated = masked && bytes.length > 3;
    const now = mode === "heat" && !heated ? "beside" : mode;
    for (const { name, input, label } of choices) {
      input.checked = name === now;
      label.hidden = name === "heat" && !heated;
    }
    modes.hidden = false;
    toggle.hidden = !received() || now === "heat";
    toggle.setAttribute("aria-pressed", String(raw()));
    const source = picture(one, names[0]);
    const result = picture(raw() ? asReceived : restored, `${names[1]}: ${prompt}`);
    const text = words(now, names, shown, raw());
    if (now === "beside") {
      const name = masked ? (raw() ? "As received" : "Restored") : names[1];
      const [left, right] = [shown.left ?? size, raw() ? shown.received : size];
      fill(now, text, figure(names[0], left, source), figure(name, right, result));
    } else if (now === "slider") {
      const box = slider(size, names, source, result);
      if (raw() && !fits(shown)) box.style.background = "none"; // beside the picture nothing is transparent
      fill(now, text, box);
    } else if (now === "difference") {
      const canvas = el("canvas", { role: "img", "aria-label": "Difference of source and result" });
      fill(now, text, frame(size, canvas));
      drawDifference(canvas, [source, result]).catch((error: Error) => {
        caption.textContent = `The difference cannot be drawn: ${error.message}`;
      });
    } else {
      fill(now, text, frame(size, source, picture(heat, "What changed outside the mask")));
    }
  };
  return {
    element: div("col", div("row", modes, toggle), stage, caption),
    show(pictures) {
      shown = pictures;
      for (const [at, bytes] of pictures.bytes.entries()) load(at, bytes);
      draw();
    },
    wait(text, thumb, size) {
      shown = undefined;
      modes.hidden = toggle.hidden = true;
      fill("wait", text, frame(size, ...(thumb ? [picture(load(1, thumb), "")] : [])));
    },
    raw,
  };
}
