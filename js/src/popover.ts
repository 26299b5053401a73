/** A button that opens a small panel in the top layer, so that no output area cuts it off. */

import { el, icon } from "./dom";

export function popover(label: string, path: string) {
  const panel = el("div", { class: "rqe-popover", popover: "auto", role: "dialog", "aria-label": label });
  const button = el(
    "button",
    {
      "aria-label": label,
      title: label,
      "aria-haspopup": "dialog",
      "aria-expanded": "false",
    },
    icon(path),
  );
  button.popoverTargetElement = panel;
  const place = () => {
    const from = button.getBoundingClientRect();
    const left = Math.min(from.left, window.innerWidth - panel.offsetWidth - 8);
    const below = from.bottom + 4;
    const fits = below + panel.offsetHeight < window.innerHeight;
    panel.style.left = `${Math.max(8, left)}px`;
    panel.style.top = `${fits ? below : Math.max(8, from.top - panel.offsetHeight - 4)}px`;
  };
  panel.addEventListener("toggle", (event) => {
    const open = (event as ToggleEvent).newState === "open";
    button.setAttribute("aria-expanded", String(open));
    if (open) place();
  });
  return { button, panel };
}
