/** The cell that makes an edit again, on the clipboard. */

import { el } from "./dom";
import { labelled } from "./pieces";

export interface Copying {
  element: HTMLElement;
  copy(text: string): Promise<string>;
}

/** Copies text, or shows it selected where the browser refuses. */
export function copying(view: string): Copying {
  const area = el("textarea", { rows: 4, readonly: true, spellcheck: "false" });
  const element = labelled(view, "cell", "The cell", area);
  return {
    element,
    async copy(text) {
      try {
        await navigator.clipboard.writeText(text);
        element.hidden = true;
        return "Copied.";
      } catch {
        element.hidden = false;
        area.value = text;
        area.focus();
        area.select();
        return "The browser does not let it be copied: press Ctrl+C.";
      }
    },
  };
}
