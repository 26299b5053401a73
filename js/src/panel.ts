/** The panel that asks for edits: prompt, options, reference pictures, Generate, and the edits under way. */

import "./panel.css";
import { el } from "./dom";
import { whatIsEdited } from "./hint";
import { jobs } from "./jobs";
import type { Link } from "./model";
import { options } from "./options";
import { div, labelled, on, say } from "./pieces";
import { references } from "./references";

const PAUSE = 150; // milliseconds without typing before the prompt is set

interface Prompt {
  element: HTMLElement;
  /** Sets the prompt; whether there is one, which is else asked for. */
  take(): boolean;
}

function promptBox(link: Link): Prompt {
  const id = `rqe-${link.view}-problem`;
  const problem = el("p", { id, class: "rqe-problem", role: "alert", hidden: true });
  let timer = 0;
  let sent: string | undefined;
  const complain = (text: string) => {
    say(problem, text);
    area.setAttribute("aria-invalid", String(!!text));
  };
  const flush = () => {
    clearTimeout(timer);
    sent = area.value;
    if (sent !== link.get("prompt")) link.set("prompt", sent);
  };
  const oninput = () => {
    clearTimeout(timer);
    timer = window.setTimeout(flush, PAUSE);
    complain("");
  };
  const placeholder = "What to make of it";
  const area = el("textarea", { rows: 3, "aria-describedby": id, placeholder, oninput, onblur: flush });
  link.follow("prompt", () => {
    const value = link.get("prompt");
    const echo = value === sent && area.matches(":focus"); // of what has been typed on since
    if (echo || value === area.value) return;
    clearTimeout(timer);
    area.value = value;
  });
  return {
    element: labelled(link.view, "prompt", "Prompt", area, problem),
    take() {
      flush();
      if (area.value.trim()) return true;
      complain("Write what to make of the picture first.");
      area.focus();
      return false;
    },
  };
}

/** Whether a key asks for an edit; not while a text is being composed, which Enter then ends. */
export function asks(
  event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey" | "isComposing">,
): boolean {
  const { key, ctrlKey, metaKey, shiftKey, altKey, isComposing } = event;
  return key === "Enter" && (ctrlKey || metaKey) && !shiftKey && !altKey && !isComposing;
}

/** Files dropped or pasted onto an element. */
function receive(element: HTMLElement, add: (files: File[]) => void): void {
  for (const type of ["dragenter", "dragover", "dragleave", "drop", "paste"] as const)
    on(element, type, (event: DragEvent | ClipboardEvent) => {
      const data = "clipboardData" in event ? event.clipboardData : event.dataTransfer;
      const files = data?.types.includes("Files") ?? false;
      const over = type === "dragenter" || type === "dragover";
      element.toggleAttribute("data-drop", over && files);
      if (!data || !files || type === "dragleave") return;
      // A copied part of a table is both text and a picture of it: a field of text takes the text.
      const typed = type === "paste" && (event.target as Element).matches("textarea, input");
      if (typed && data.types.includes("text/plain")) return;
      event.preventDefault();
      event.stopPropagation();
      if (!over) add([...data.files]);
    });
}

export function panel(link: Link): HTMLElement {
  const prompt = promptBox(link);
  const fields = options(link);
  const pictures = references(link);
  const under = jobs(link);
  const ask = () => {
    fields.flush();
    if (prompt.take()) under.generate();
  };
  const hint = el("p", { class: "rqe-quiet", id: `rqe-${link.view}-hint` });
  link.follow(["mask_share", "extend", "source_size"], () => {
    hint.textContent = whatIsEdited(link.get("mask_share"), link.get("extend"), link.get("source_size"));
  });
  const about = { class: "primary", title: "Ctrl+Enter", "aria-describedby": hint.id };
  const go = el("button", about, "Generate");
  on(go, "click", (event) => {
    if (event.detail < 2) ask(); // a double click is one: what is asked twice is paid twice
  });
  on(go, "keydown", (event) => {
    if (event.repeat) event.preventDefault(); // of a key that is held, each repetition would be a click
  });
  const element = el(
    "div",
    { class: "rqe-panel rqe-col", role: "group", "aria-label": "Ask for an edit" },
    prompt.element,
    fields.element,
    pictures.element,
    div("col", go, hint),
    under.element,
  );
  receive(element, pictures.add);
  // From the window down, because the notebook listens for the same keys on the document.
  const shortcut = (event: KeyboardEvent) => {
    const [field] = event.composedPath() as Element[];
    const root = element.closest(".rqe");
    if (!asks(event) || !field || !root?.contains(field)) return;
    event.preventDefault(); // everywhere in the editor: run again, the cell would put another in its place
    event.stopPropagation();
    if (event.repeat || field.closest("dialog, [popover]") || !field.closest(".rqe-panel, .rqe-work")) return;
    if (field instanceof HTMLInputElement) field.dispatchEvent(new Event("change", { bubbles: true }));
    ask();
  };
  window.addEventListener("keydown", shortcut, { capture: true, signal: link.signal });
  return element;
}
