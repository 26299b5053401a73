/** The cell that makes an edit again, on the clipboard. */

import { el } from "./dom";
import { labelled } from "./pieces";

export interface Copying {
  element: HTMLElement;
  copy(text: string): Promise<string>;
  /** Copies text, and shows it in any case. */
  show(text: string): Promise<string>;
}

/** Copies text, or shows it selected where the browser refuses. */
export function copying(view: string): Copying {
  const area = el("textarea", { rows: 4, readonly: true, spellcheck: "false" });
  const element = labelled(view, "cell", "The cell", area);
  const copy = async (text: string, shown: boolean) => {
    area.value = text;
    element.hidden = !shown;
    try {
      await navigator.clipboard.writeText(text);
      return shown ? "Copied: paste it into a new cell." : "Copied.";
    } catch {
      element.hidden = false;
      area.focus();
      area.select();
      return "The browser does not let it be copied: press Ctrl+C.";
    }
  };
  return {
    element,
    copy: (text) => copy(text, false),
    show: (text) => copy(text, true),
  };
}
