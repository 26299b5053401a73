/** Further input pictures: dropped, pasted or picked, and sent in parts. */

import { newId } from "./clock";
import { el, icon, urls } from "./dom";
import type { Link, ReferenceCard } from "./model";
import { RERUN } from "./offers";
import { button, div, place, say } from "./pieces";

const MOST = 15; // with the source itself the 16 images that an edit may have
const HEAVIEST = 50 * 1024 * 1024; // bytes, the endpoint's limit for one image
const PART = 512 * 1024; // bytes
const AHEAD = 4; // parts sent and not answered: strokes get through between them
const CROSS = "M6 6l12 12M18 6L6 18";

type Candidate = Pick<File, "name" | "type" | "size">;

/** Which of some files can be added to `held` ones, and why the others cannot. */
export function admit<F extends Candidate>(files: F[], held: number): { taken: F[]; problems: string[] } {
  const taken: F[] = [];
  const problems: string[] = [];
  const beyond: string[] = [];
  for (const file of files) {
    if (!file.type.startsWith("image/")) problems.push(`${file.name} is not a picture: it was not added.`);
    else if (file.size > HEAVIEST)
      problems.push(`${file.name} is larger than 50 MB: make it smaller and add it again.`);
    else if (held + taken.length >= MOST) beyond.push(file.name);
    else taken.push(file);
  }
  if (beyond.length)
    problems.push(`At most ${MOST} pictures can be added: ${beyond.join(", ")} left out. Remove some first.`);
  return { taken, problems };
}

/** Where a file of so many bytes is cut. */
export function parts(bytes: number): [number, number][] {
  const cuts = Math.max(1, Math.ceil(bytes / PART));
  return Array.from({ length: cuts }, (_, part) => [part * PART, Math.min(bytes, (part + 1) * PART)]);
}

export interface References {
  element: HTMLElement;
  add(files: File[]): void;
}

export function references(link: Link): References {
  const url = urls(link.signal);
  const list = el("ul", { class: "rqe-row", "aria-label": "Reference pictures" });
  const problem = el("p", { class: "rqe-problem", role: "alert", hidden: true });
  const onchange = () => {
    add([...(input.files ?? [])]);
    input.value = "";
  };
  const input = el("input", { type: "file", accept: "image/*", multiple: true, hidden: true, onchange });
  const total = el("span", { class: "rqe-quiet" });
  const pick = button("Add pictures", () => input.click());
  const coming = new Map<string, string>(); // name by id: read or sent, not yet listed
  const mine = new Map<number, [id: string, last: boolean]>(); // by the number of the message
  const thumbs = new Map<string, [item: HTMLElement, src: string]>();
  let before = Promise.resolve();
  let sleepers: (() => void)[] = [];

  const thumb = ({ id, name, thumb: bytes }: ReferenceCard) => {
    const known = thumbs.get(id);
    if (known) return known[0];
    const src = url(bytes, "image/webp");
    const onclick = () => {
      if (!link.send({ k: "unreference", id })) say(problem, RERUN);
      pick.focus();
    };
    const remove = el("button", { "aria-label": `Remove ${name}`, onclick }, icon(CROSS));
    const item = el("li", { title: name }, el("img", { src, alt: name }), remove);
    thumbs.set(id, [item, src]);
    return item;
  };
  const show = () => {
    const cards = link.get("references");
    for (const { id } of cards) coming.delete(id);
    for (const [id, [, src]] of thumbs)
      if (!cards.some((card) => card.id === id)) {
        url.release(src);
        thumbs.delete(id);
      }
    const waiting = [...coming.values()].map((name) => el("li", { class: "rqe-quiet" }, `Adding ${name}…`));
    place(list, [...cards.map(thumb), ...waiting]);
    const held = list.childElementCount;
    total.textContent = held ? `${held} of ${MOST}` : "or drop or paste them here";
    list.hidden = !held;
  };
  const busy = () => link.waiting().filter((number) => mine.has(number)).length >= AHEAD;
  const upload = async (id: string, file: File) => {
    const bytes = await file.arrayBuffer();
    const cuts = parts(bytes.byteLength);
    for (const [part, [from, to]] of cuts.entries()) {
      while (busy() && !link.gone()) await new Promise<void>((go) => sleepers.push(go));
      if (!coming.has(id) || link.signal.aborted) return;
      const message = { k: "reference", id, name: file.name, part, parts: cuts.length } as const;
      const number = link.send(message, [bytes.slice(from, to)]);
      if (!number) throw new Error(RERUN);
      mine.set(number, [id, part === cuts.length - 1]);
    }
  };
  const fail = (id: string, text: string) => {
    say(problem, `${coming.get(id) ?? "A picture"} was not added. ${text}`);
    coming.delete(id);
    show();
  };
  const add = (files: File[]) => {
    const { taken, problems } = admit(files, link.get("references").length + coming.size);
    say(problem, problems.join(" "));
    for (const file of taken) {
      const id = newId();
      coming.set(id, file.name);
      // One after the other: prompts speak of the pictures by their order.
      before = before.then(() => upload(id, file)).catch((error: Error) => fail(id, error.message));
    }
    show();
  };
  link.onWaiting(() => {
    const woken = sleepers;
    sleepers = [];
    for (const go of woken) go();
  });
  link.hear("ack", ({ s, problem: text }) => {
    const [id, last] = mine.get(s) ?? [];
    mine.delete(s);
    if (id && text) fail(id, text);
    else if (id && last && coming.delete(id)) show();
  });
  link.follow("references", show);
  return { element: div("col rqe-references", div("row", pick, total), list, input, problem), add };
}
