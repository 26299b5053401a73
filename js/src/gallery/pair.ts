/** Two edits beside each other, and in what they differ. */

import { compare } from "../compare";
import { el } from "../dom";
import { div, say } from "../pieces";
import { type Item, lined } from "./rows";
import { sheet } from "./sheet";
import type { Opened, Supply } from "./supply";

export interface Pair {
  readonly element: HTMLElement;
  open(first: Item, second: Item): void;
}

type Facts = [string, string][];

/** The facts that two edits do not share, with what each has. */
export function apart(one: Facts, other: Facts): [string, string, string][] {
  const [mine, theirs] = [new Map(one), new Map(other)];
  const names = [...new Set([...mine.keys(), ...theirs.keys()])];
  const rows = names.map((name): [string, string, string] => [
    name,
    mine.get(name) ?? "–",
    theirs.get(name) ?? "–",
  ]);
  return rows.filter(([, here, there]) => here !== there);
}

/** An edit's facts with those that its row tells. */
const told = (row: Item, { facts }: Opened): Facts => [
  ["Prompt", lined(row.prompt)],
  ["Model", row.model],
  ["Sources", row.names.join(", ")],
  ["Take", String(row.take)],
  ...facts,
];

/** The picture that an edit made, of those it is shown by. */
const made = ({ pictures }: Opened): DataView | undefined => pictures?.bytes[1] ?? pictures?.bytes[0];

export function pair(
  supply: Pick<Supply, "open">,
  view: string,
  signal: AbortSignal,
  closed: () => void,
): Pair {
  const sides = compare({ view: `${view}-pair`, signal }, { names: ["First", "Second"], mode: "slider" });
  const trouble = el("p", { class: "rqe-problem", role: "status" });
  const body = el("tbody");
  const head = (name: string) => el("th", { scope: "col" }, name);
  const table = el(
    "table",
    { class: "rqe-apart" },
    el("caption", {}, "In what they differ"),
    el("thead", {}, el("tr", {}, el("td"), head("First"), head("Second"))),
    body,
  );
  let asked = 0;
  const shown = div("sheet-body rqe-two", div("col", sides.element, trouble), table);
  const title = el("h2", {}, "Two edits compared");
  const opened = sheet("Two edits compared", [title], [shown], () => {
    asked += 1;
    closed();
  });
  const show = (first: Item, second: Item, one: Opened, other: Opened) => {
    const line = ([name, ...values]: [string, string, string]) =>
      el("tr", {}, el("th", { scope: "row" }, name), ...values.map((value) => el("td", {}, value)));
    body.replaceChildren(...apart(told(first, one), told(second, other)).map(line));
    table.hidden = !body.children.length;
    const [left, right] = [made(one), made(other)];
    sides.element.hidden = !left || !right;
    say(trouble, [one.trouble, other.trouble].filter(Boolean).join(" "));
    if (!left || !right || !one.pictures || !other.pictures) return;
    const { size } = other.pictures;
    const common = { prompt: second.prompt, masked: false, leak: "", received: size };
    sides.show({ ...common, size, left: one.pictures.size, bytes: [left, right] });
  };
  return {
    element: opened.element,
    async open(first, second) {
      asked += 1;
      const mine = asked;
      say(trouble, "");
      body.replaceChildren();
      table.hidden = true;
      const [, width = 4, height = 3] = second.pictures[0] ?? [];
      sides.element.hidden = false;
      sides.wait("Opening…", undefined, [width, height]);
      opened.show();
      try {
        const both = await Promise.all([supply.open(first, 0), supply.open(second, 0)]);
        if (mine === asked) show(first, second, ...both);
      } catch (error) {
        if (mine !== asked) return;
        sides.element.hidden = true;
        say(trouble, (error as Error).message);
      }
    },
  };
}
