/** Making elements. */

type Attributes = Record<string, string | number | boolean | EventListener | undefined>;

/** Makes an element: functions are listeners, booleans are set or left out, text children are text, never HTML. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.replace(/^on/, ""), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== undefined) node.setAttribute(name, String(value));
  }
  node.append(...children);
  return node;
}

/** A button that is not enabled can still be reached, and keeps the focus: its action is to do nothing then. */
export function enable(button: HTMLButtonElement, enabled: boolean): void {
  button.setAttribute("aria-disabled", String(!enabled));
}

/** A line icon on a 24 x 24 grid, drawn in the text's colour. */
export function icon(path: string): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("rqe-icon");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export interface Urls {
  /** Returns an object URL of some bytes, and lets go the one it takes the place of. */
  (bytes: DataView, mime: string, instead?: string): string;
  release(url: string): void;
}

/** Object URLs, let go with the signal at the latest. */
export function urls(signal: AbortSignal): Urls {
  const held = new Set<string>();
  const release = (url: string) => {
    if (held.delete(url)) URL.revokeObjectURL(url);
  };
  signal.addEventListener("abort", () => {
    for (const url of held) release(url);
  });
  const put = (bytes: DataView, mime: string, instead = "") => {
    release(instead);
    const url = URL.createObjectURL(new Blob([bytes as DataView<ArrayBuffer>], { type: mime }));
    held.add(url);
    return url;
  };
  return Object.assign(put, { release });
}
