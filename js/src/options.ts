/** The form fields beside the prompt. What is offered can be picked, and anything else typed. */

import { el } from "./dom";
import type { Choices, Link } from "./model";
import { div, labelled } from "./pieces";

type Name = keyof Choices;

interface Field {
  element: HTMLElement;
  /** Sets what is typed and not yet set. */
  flush(): void;
}

const OTHER = "…"; // no endpoint takes this as a value
const TYPED = { spellcheck: "false", autocomplete: "off" };

/** A whole number from 1 to 10, or `otherwise`. */
export function count(text: string, otherwise: number): number {
  const value = Math.round(Number(text));
  return text.trim() && !Number.isNaN(value) ? Math.min(10, Math.max(1, value)) : otherwise;
}

/** Sets a trait to what an input holds, if that is anything. */
function take(link: Link, name: Name, input: HTMLInputElement): void {
  const value = input.value.trim();
  if (value && value !== link.get(name)) link.set(name, value);
}

function choice(link: Link, name: Name, label: string): Field {
  const show = () => {
    const value = link.get(name);
    const items = link.get("choices")[name];
    const known = !value || items.includes(value);
    select.replaceChildren(
      ...(value ? [] : [el("option", { value: "" }, "default")]),
      ...items.map((item) => el("option", { value: item }, item)),
      el("option", { value: OTHER }, "Other…"),
    );
    select.value = known ? value : OTHER;
    other.value = value;
    other.hidden = known;
  };
  const flush = () => {
    if (!other.hidden) take(link, name, other);
  };
  const onchange = () => {
    other.hidden = select.value !== OTHER;
    if (other.hidden) return link.set(name, select.value);
    other.value = "";
    other.focus();
  };
  const onblur = () => {
    flush();
    show(); // left empty: back to what is set
  };
  const select = el("select", { onchange });
  const other = el("input", { ...TYPED, "aria-label": `${label}, other`, onblur });
  link.follow([name, "choices"], () => {
    if (!other.matches(":focus")) show();
  });
  return { element: labelled(link.view, name, label, select, other), flush };
}

function model(link: Link): Field {
  const flush = () => take(link, "model", input);
  const show = () => {
    input.value = link.get("model");
  };
  const onblur = () => {
    flush();
    show();
  };
  const input = el("input", { ...TYPED, onchange: flush, onblur });
  // No datalist: browsers list only what matches the text that is there, which is the present model.
  const pick = () => {
    link.set("model", menu.value);
    menu.value = "";
  };
  const menu = el("select", { "aria-label": "Pick one of those known", onchange: pick });
  link.follow("choices", () => {
    const items = link.get("choices").model.map((value) => el("option", { value }, value));
    menu.replaceChildren(el("option", { value: "", hidden: true }), ...items);
  });
  link.follow("model", () => {
    if (!input.matches(":focus")) show();
  });
  return { element: labelled(link.view, "model", "Model", input, menu), flush };
}

function pictures(link: Link): Field {
  const show = () => {
    input.value = String(link.get("n"));
  };
  const flush = () => {
    const value = count(input.value, link.get("n"));
    if (value !== link.get("n")) link.set("n", value);
    show();
  };
  const input = el("input", { type: "number", min: 1, max: 10, onchange: flush });
  link.follow("n", show);
  return { element: labelled(link.view, "n", "Pictures", input), flush };
}

export function options(link: Link): Field {
  const fields = [
    model(link),
    choice(link, "size", "Size"),
    choice(link, "quality", "Quality"),
    pictures(link),
    choice(link, "background", "Background"),
    choice(link, "output_format", "Format"),
  ];
  const elements = fields.map(({ element }) => element);
  const more = el("details", {}, el("summary", {}, "More"), div("options", ...elements.splice(4)));
  const flush = () => {
    for (const field of fields) field.flush();
  };
  return { element: div("options", ...elements, more), flush };
}
