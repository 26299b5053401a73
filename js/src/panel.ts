/** The panel that asks for edits: prompt, options, reference pictures, Generate, and the edits under way. */

import "./panel.css";
import { el } from "./dom";
import { whatIsEdited } from "./hint";
import { jobs } from "./jobs";
import type { Link } from "./model";
import { labelled, options } from "./options";
import { div, on, say } from "./pieces";
import { references } from "./references";

const PAUSE = 150; // milliseconds without typing before the prompt is set

interface Prompt {
  element: HTMLElement;
  /** The prompt, set; nothing if there is none, which is then said. */
  take(): string | undefined;
}

function promptBox(link: Link): Prompt {
  const id = `rqe-${link.view}-problem`;
  const problem = el("p", { id, class: "rqe-problem", role: "alert", hidden: true });
  let timer = 0;
  let sent: string | undefined;
  const grow = () => {
    area.style.height = "auto";
    if (area.scrollHeight) area.style.height = `${area.scrollHeight + 2}px`;
  };
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
    grow();
  };
  const placeholder = "What to make of it";
  const area = el("textarea", { rows: 3, "aria-describedby": id, placeholder, oninput, onblur: flush });
  link.follow("prompt", () => {
    const value = link.get("prompt");
    const echo = value === sent && area.matches(":focus"); // of what has been typed on since
    if (echo || value === area.value) return;
    clearTimeout(timer);
    area.value = value;
    grow();
  });
  return {
    element: labelled(link, "prompt", "Prompt", area, problem),
    take() {
      flush();
      if (area.value.trim()) return area.value;
      complain("Write what to make of the picture first.");
      area.focus();
      return undefined;
    },
  };
}

/** Files dropped or pasted onto an element. */
function receive(element: HTMLElement, add: (files: File[]) => void): void {
  const take = (event: Event, from: DataTransfer | null, drop: boolean): boolean => {
    const files = from?.types.includes("Files") ?? false;
    element.toggleAttribute("data-drop", drop && files);
    if (!files) return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  on(element, "dragenter", (event) => take(event, event.dataTransfer, true));
  on(element, "dragover", (event) => take(event, event.dataTransfer, true));
  on(element, "dragleave", () => element.removeAttribute("data-drop"));
  on(element, "drop", (event) => {
    if (take(event, event.dataTransfer, false)) add([...(event.dataTransfer?.files ?? [])]);
  });
  on(element, "paste", (event) => {
    if (take(event, event.clipboardData, false)) add([...(event.clipboardData?.files ?? [])]);
  });
}

export function panel(link: Link): HTMLElement {
  const prompt = promptBox(link);
  const fields = options(link);
  const pictures = references(link);
  const under = jobs(link);
  const onclick = () => {
    fields.flush();
    const text = prompt.take();
    if (text) under.generate(text);
  };
  const hint = el("p", { class: "rqe-quiet", id: `rqe-${link.view}-hint` });
  link.follow(["mask_share", "extend", "source_size"], () => {
    hint.textContent = whatIsEdited(link.get("mask_share"), link.get("extend"), link.get("source_size"));
  });
  const go = { class: "primary", title: "Ctrl+Enter", "aria-describedby": hint.id, onclick };
  const element = el(
    "div",
    { class: "rqe-panel rqe-col", role: "group", "aria-label": "Ask for an edit" },
    prompt.element,
    fields.element,
    pictures.element,
    div("col", el("button", go, "Generate"), hint),
    under.element,
  );
  receive(element, pictures.add);
  // From the window down, because the notebook listens for the same keys on the document.
  const shortcut = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    if (!event.composedPath().includes(element.closest(".rqe") ?? element)) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) onclick();
  };
  window.addEventListener("keydown", shortcut, { capture: true, signal: link.signal });
  return element;
}
