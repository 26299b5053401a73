/** The cards of edits under way and of those that failed. */

import { elapsed, newId } from "./clock";
import { el } from "./dom";
import { type Link, SETTINGS, type Settings } from "./model";
import { describe, LOST, offers } from "./offers";
import { button, div, place } from "./pieces";

/** The messages that change what is asked for: the mask, the source, the further pictures. */
const CHANGING = [
  "op",
  "undo",
  "redo",
  "try",
  "settle",
  "use",
  "remask",
  "reference",
  "unreference",
] as const;

interface Card {
  id: string;
  prompt: string;
  state: string;
  text: string;
  since: number; // milliseconds; 0 if it is over
}

interface Row {
  element: HTMLLIElement;
  update(card: Card): void;
  tick(): void;
}

function row(cancel: () => void): Row {
  const prompt = el("strong", { class: "rqe-line" });
  const time = el("span", { class: "rqe-quiet" });
  const stop = button("", cancel);
  const text = el("p");
  const element = el("li", {}, div("row", prompt, time, stop), text);
  let since = 0;
  const tick = () => {
    time.textContent = since ? elapsed(Date.now() - since) : "";
  };
  const update = (card: Card) => {
    const word = card.since ? "Cancel" : "Dismiss";
    since = card.since;
    element.classList.toggle("rqe-failed", card.state === "failed");
    prompt.textContent = prompt.title = card.prompt;
    text.textContent = card.text;
    stop.textContent = word;
    stop.setAttribute("aria-label", `${word}: ${card.prompt}`);
    tick();
  };
  return { element, update, tick };
}

export interface Jobs {
  element: HTMLElement;
  /** Asks for an edit with the settings as they are. */
  generate(): void;
}

export function jobs(link: Link): Jobs {
  const list = el("ul", { class: "rqe-col", "aria-label": "Edits under way" });
  const status = el("p", { class: "rqe-unseen", role: "status" });
  const element = el("div", { class: "rqe-jobs", tabindex: -1 }, list, status);
  const rows = new Map<string, Row>();
  const starts = new Map<string, number>(); // by this browser's clock; the kernel's may be another
  const dismissed = new Set<string>(); // with no kernel left to take them off
  let states = new Map<string, string>();

  const theirs = (): Card[] => {
    const gone = link.gone();
    return link
      .get("jobs")
      .filter(({ id }) => !gone || !dismissed.has(id))
      .map((job) => {
        if (job.state === "failed" || job.state === "cancelled") return { ...job, since: 0 };
        if (gone) return { ...job, state: "failed", text: LOST, since: 0 };
        return { ...job, since: starts.get(job.id) ?? Math.min(Date.now(), job.started * 1000) };
      });
  };
  const ours = (): Card[] =>
    local.list().map((offer) => {
      const text = describe(offer, Date.now());
      const failed = offer.phase === "failed";
      const { id, settings, phase, since } = offer;
      return { id, prompt: settings.prompt, text, state: failed ? phase : text, since: failed ? 0 : since };
    });
  const show = () => {
    const cards = [...theirs(), ...ours()];
    for (const [id, old] of rows) {
      if (cards.some((card) => card.id === id)) continue;
      if (old.element.matches(":focus-within")) element.focus(); // not Generate, where another Enter would pay
      rows.delete(id);
    }
    const items = cards.map((card) => {
      const known = rows.get(card.id) ?? row(() => cancel(card.id));
      rows.set(card.id, known);
      known.update(card);
      return known.element;
    });
    place(list, items);
    list.hidden = !cards.length;
    const news = cards.filter(({ id, state }) => states.get(id) !== state);
    if (news.length)
      status.textContent = news.map((card) => `${card.prompt.slice(0, 40)}: ${card.text}`).join(" ");
    states = new Map(cards.map(({ id, state }) => [id, state]));
  };
  const cancel = (id: string) => {
    if (!local.cancel(id) && !link.send({ k: "cancel", j: id })) dismissed.add(id);
    show();
  };

  const settings = () =>
    Object.fromEntries(SETTINGS.map((name) => [name, link.get(name)])) as unknown as Settings;
  const local = offers({
    send: (message) => link.send(message),
    behind: () => link.waiting(...CHANGING).length > 0,
    now: Date.now,
    changed: () => show(),
  });
  link.hear("accepted", ({ j }) => {
    if (local.accepted(j)) starts.set(j, Date.now());
  });
  link.hear("ack", ({ s, problem }) => local.answered(s, problem));
  link.onWaiting(() => {
    if (!link.gone()) return local.advance();
    local.gone();
    show();
  });
  link.follow("jobs", () => {
    local.listed(link.get("jobs").map(({ id }) => id));
    show();
  });
  let newest = link.get("results")[0]?.id;
  link.follow("results", () => {
    const [first] = link.get("results");
    if (first && first.id !== newest) status.textContent = `A result has arrived: ${first.headline}`;
    newest = first?.id;
  });
  const clock = setInterval(() => {
    for (const { tick } of rows.values()) tick();
  }, 1000);
  link.signal.addEventListener("abort", () => clearInterval(clock));
  return {
    element,
    generate() {
      local.ask(newId(), settings());
      setTimeout(show, 420); // by then a free kernel has accepted; a busy one is named
    },
  };
}
