/** Source and result, looked at in four ways. */

import { el, urls } from "./dom";
import type { Link, Size } from "./model";
import { button, commanding, div, on } from "./pieces";

const GAIN = 4; // how much a difference is amplified
const TALLEST = 540; // CSS pixels

export interface Pictures {
  prompt: string;
  masked: boolean;
  leak: string;
  size: Size; // of the source as framed and of the restored picture
  received: Size;
  bytes: DataView[]; // source, restored, received, perhaps the heat map
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

/** Where a divider at 0 to 100 goes by a key; undefined if it is not one that moves it. */
export function slide(at: number, key: string, large: boolean): number | undefined {
  const step = large || key.startsWith("Page") ? 10 : 2;
  if (/^(Arrow(Right|Up)|PageUp)$/.test(key)) return Math.min(100, at + step);
  if (/^(Arrow(Left|Down)|PageDown)$/.test(key)) return Math.max(0, at - step);
  return key === "Home" ? 0 : key === "End" ? 100 : undefined;
}

/** Left, top, width and height of a picture contained in a box, centred. */
export function contained([width, height]: Size, [wide, high]: Size): [number, number, number, number] {
  const scale = Math.min(wide / width, high / height);
  return [(wide - width * scale) / 2, (high - height * scale) / 2, width * scale, height * scale];
}

function frame([width, height]: Size, ...children: Node[]): HTMLElement {
  const box = div("frame", ...children);
  box.style.aspectRatio = `${width} / ${height}`;
  box.style.maxWidth = `${(TALLEST * width) / height}px`;
  return box;
}

const picture = (src: string, alt: string) => el("img", { src, alt, draggable: "false" });

const figure = (caption: string, size: Size, image: Node) =>
  el("figure", {}, frame(size, image), el("figcaption", {}, `${caption}, ${size.join(" × ")}`));

function slider(size: Size, source: HTMLElement, result: HTMLElement): HTMLElement {
  const divider = el("div", {
    class: "rqe-divider",
    role: "slider",
    tabindex: 0,
    "aria-label": "Divider: source at its left, result at its right",
  });
  const box = frame(size, source, result, divider);
  box.classList.add("rqe-slider");
  let at = 50;
  const move = (to: number) => {
    at = Math.min(100, Math.max(0, to));
    divider.style.left = `${at}%`;
    source.style.clipPath = `inset(0 ${100 - at}% 0 0)`;
    result.style.clipPath = `inset(0 0 0 ${at}%)`;
    divider.setAttribute("aria-valuenow", at.toFixed());
    divider.setAttribute("aria-valuetext", `${at.toFixed()} %`);
  };
  const follow = ({ clientX, pointerId }: PointerEvent) => {
    const { left, width } = box.getBoundingClientRect();
    if (box.hasPointerCapture(pointerId)) move(((clientX - left) / width) * 100);
  };
  on(box, "pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    box.setPointerCapture(event.pointerId);
    divider.focus({ preventScroll: true });
    follow(event);
  });
  on(box, "pointermove", follow);
  on(divider, "keydown", (event) => {
    const to = slide(at, event.key, event.shiftKey);
    if (to === undefined || commanding(event)) return;
    event.preventDefault();
    move(to);
  });
  move(at);
  return box;
}

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
function words(mode: Mode, pictures: Pictures, raw: boolean): string {
  if (mode === "heat") return pictures.leak;
  const lines: string[] = [];
  if (mode === "slider") lines.push("Source at the left, result at the right.");
  if (mode === "difference")
    lines.push(`Absolute difference of source and result, amplified ${GAIN} times: black is equal.`);
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

export function compare(link: Link): Compare {
  const put = urls(link.signal);
  const sources: string[] = [];
  let shown: Pictures | undefined;
  let mode: Mode = "beside";
  let wantsRaw = false;
  const stage = el("div", { class: "rqe-sight" });
  const caption = el("p", { class: "rqe-quiet" });
  const choose = (name: Mode) => {
    const onchange = () => {
      mode = name;
      draw();
    };
    const input = el("input", { type: "radio", name: `rqe-${link.view}-mode`, onchange });
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
  const raw = () => wantsRaw && shown?.masked === true;
  const fill = (name: Mode | "wait", text: string, ...pictures: Node[]) => {
    stage.dataset.mode = name;
    stage.replaceChildren(...pictures);
    caption.textContent = text;
  };

  const draw = () => {
    if (!shown) return;
    const { size, received, prompt, masked, bytes } = shown;
    const [one = "", restored = "", asReceived = "", heat = ""] = sources;
    const heated = masked && bytes.length > 3;
    const now = mode === "heat" && !heated ? "beside" : mode;
    for (const { name, input, label } of choices) {
      input.checked = name === now;
      label.hidden = name === "heat" && !heated;
    }
    modes.hidden = false;
    toggle.hidden = !masked || now === "heat";
    toggle.setAttribute("aria-pressed", String(raw()));
    const source = picture(one, "Source");
    const result = picture(raw() ? asReceived : restored, `Result: ${prompt}`);
    const text = words(now, shown, raw());
    if (now === "beside") {
      const name = masked ? (raw() ? "As received" : "Restored") : "Result";
      fill(now, text, figure("Source", size, source), figure(name, raw() ? received : size, result));
    } else if (now === "slider") {
      const box = slider(size, source, result);
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
