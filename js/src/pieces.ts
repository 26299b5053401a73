/** What the panel, the results and the gallery are made of. */

import { el } from "./dom";

export function on<K extends keyof HTMLElementEventMap>(
  node: HTMLElement,
  type: K,
  then: (event: HTMLElementEventMap[K]) => void,
): void {
  node.addEventListener(type, then);
}

export function div(name: string, ...children: (Node | string)[]): HTMLDivElement {
  return el("div", { class: `rqe-${name}` }, ...children);
}

export function button(label: string, onclick: () => void): HTMLButtonElement {
  return el("button", { class: "outlined", onclick }, label);
}

/** Whether a key is held that makes others commands of the browser or the notebook. */
export const commanding = (event: KeyboardEvent): boolean => event.ctrlKey || event.metaKey || event.altKey;

/** Words that are shown while there are any. */
export function say(line: HTMLElement, text: string): void {
  line.textContent = text;
  line.hidden = !text;
}

/** Makes `items` what a list holds, in order; those that stay are not moved, and keep the focus. */
export function place(list: Element, items: Element[]): void {
  for (const child of [...list.children]) if (!items.includes(child)) child.remove();
  for (const [at, item] of items.entries())
    if (list.children[at] !== item) list.insertBefore(item, list.children[at] ?? null);
}

/** A form's control under its label; `view` and `name` are its own on the page. */
export function labelled(
  view: string,
  name: string,
  label: string,
  control: HTMLElement,
  ...more: Node[]
): HTMLElement {
  control.id = `rqe-${view}-${name}`;
  return div(`field rqe-the-${name}`, el("label", { for: control.id }, label), control, ...more);
}
