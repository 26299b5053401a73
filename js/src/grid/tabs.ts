/** Tabs: one for each choice of what is varied beyond rows and columns. */

import { el } from "../dom";
import { commanding, on } from "../pieces";
import { turned } from "./moves";

export interface Tabs {
  readonly element: HTMLElement;
  /** What is chosen is shown in here. */
  readonly panel: HTMLElement;
  pick(at: number): void;
}

export function tabs(view: string, labels: string[], choose: (at: number) => void): Tabs {
  const panel = el("div", { id: `rqe-${view}-panel` });
  const element = el("div", { class: "rqe-tabs", role: "tablist", "aria-label": "Further choices" });
  const pick = (to: number) => {
    for (const [at, tab] of made.entries()) {
      tab.setAttribute("aria-selected", String(at === to));
      tab.tabIndex = at === to ? 0 : -1;
    }
    panel.setAttribute("aria-labelledby", made[to]?.id ?? "");
    choose(to);
  };
  const made = labels.map((label, at) =>
    el(
      "button",
      {
        class: "rqe-tab",
        role: "tab",
        id: `rqe-${view}-tab-${at}`,
        "aria-controls": panel.id,
        "aria-selected": String(at === 0),
        tabindex: at === 0 ? 0 : -1,
        title: label,
        onclick: () => pick(at),
      },
      label,
    ),
  );
  on(element, "keydown", (event) => {
    const at = made.indexOf(event.target as HTMLButtonElement);
    const to = commanding(event) || at < 0 ? undefined : turned(made.length, at, event.key);
    if (to === undefined) return;
    event.preventDefault();
    pick(to);
    made[to]?.focus();
  });
  element.append(...made);
  element.hidden = labels.length < 2;
  if (labels.length > 1) {
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", made[0]?.id ?? "");
  }
  return { element, panel, pick };
}
