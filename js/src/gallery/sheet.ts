/** What opens over the gallery: one edit, or two. */

import { el, icon } from "../dom";
import { div } from "../pieces";
import { CROSS } from "../signs";

export interface Sheet {
  readonly element: HTMLDialogElement;
  show(): void;
  close(): void;
}

/** A dialog with a headline and a button that closes it; Escape does, too. `closed` is called afterwards. */
export function sheet(label: string, tools: Node[], content: Node[], closed: () => void): Sheet {
  const dialog = el("dialog", { class: "rqe-sheet", "aria-label": label, onclose: closed });
  const close = () => dialog.close();
  const cross = el("button", { "aria-label": "Close", title: "Close (Escape)", onclick: close }, icon(CROSS));
  dialog.append(div("sheet-head", ...tools, cross), ...content);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog && isOutside(dialog, event)) close(); // on what is behind it
  });
  return {
    element: dialog,
    show() {
      if (!dialog.open) dialog.showModal();
    },
    close,
  };
}

function isOutside(dialog: HTMLElement, { clientX, clientY }: MouseEvent): boolean {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}
