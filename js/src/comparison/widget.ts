/** The comparison in a notebook: an anywidget. Its mirror is `widgets/comparison.py`. */

import type { AnyModel } from "@anywidget/types";
import { el, urls } from "../dom";
import { type Answer, connected, type Linked } from "../link";
import { plug } from "../plug";
import { mount } from "./comparison";
import { MODES, type Mode } from "./keys";
import { type Keeping, picking } from "./picks";
import type { Side } from "./sights";
import type { Mark } from "./words";

/** The synced traits, all set by Python alone. */
interface Traits {
  _key: string; // what stands for it in the notebook's file hides where a view carries it
  _mode: Mode;
  _sides: Side[];
  _marks: Mark[];
}

/** Messages to Python; `i` counts the pictures from 0. */
type Outgoing =
  | { k: "ready" }
  | { k: "picture"; i: number }
  | { k: "star"; i: number; on: boolean }
  | { k: "tag"; i: number; tag: string };

/** Messages from Python. */
type Incoming = Answer | { k: "picture"; s: number }; // Buffer: JPEG or WebP

type ComparisonLink = Linked<Traits, Outgoing, Incoming>;

interface Render {
  model: AnyModel<Traits>;
  el: HTMLElement;
  signal?: AbortSignal; // anywidget gives one from 0.11 on; before, it calls what render returns
}

const GONE = "The kernel is gone: run the cell again.";

/** Asks, and promises the answer: a picture, or nothing. */
function asking(link: ComparisonLink): (message: Outgoing) => Promise<DataView | undefined> {
  interface Waiting {
    resolve(picture?: DataView): void;
    reject(error: Error): void;
  }
  const open = new Map<number, Waiting>();
  link.hear("picture", ({ s }, [picture]) => open.get(s)?.resolve(picture));
  link.hear("ack", ({ s, problem }) => {
    if (problem) open.get(s)?.reject(new Error(problem));
    else open.get(s)?.resolve(); // changes nothing once the picture is there
    open.delete(s);
  });
  link.onWaiting(() => {
    if (!link.gone()) return;
    for (const { reject } of open.values()) reject(new Error(GONE));
    open.clear();
  });
  return (message) =>
    new Promise((resolve, reject) => {
      const number = link.send(message);
      if (number) open.set(number, { resolve, reject });
      else reject(new Error(GONE));
    });
}

export default {
  render({ model, el: place, signal }: Render): () => void {
    const ended = new AbortController();
    signal?.addEventListener("abort", () => ended.abort());
    const link: ComparisonLink = connected(model, ended.signal);
    plug(link, model);
    link.send({ k: "ready" });
    const ask = asking(link);
    const put = urls(ended.signal);
    const root = el("div", { class: "rqe" });
    // Until a picture comes, and without a kernel for good, what stands for it in the notebook's file is shown.
    root.hidden = true;
    const arrive = () => {
      root.hidden = false;
      root.setAttribute("data-still", link.get("_key"));
    };
    const [mode, sides, marks] = [link.get("_mode"), link.get("_sides"), () => link.get("_marks")];
    const about = { sides, marks, view: link.view };
    const keeping: Keeping = {
      star: (at, on) => ask({ k: "star", i: at, on }),
      tag: (at, tag) => ask({ k: "tag", i: at, tag }),
    };
    const made = mount(place, root, {
      sides,
      mode: mode in MODES ? mode : "slider",
      view: link.view,
      signal: ended.signal,
      async load(at) {
        const bytes = await ask({ k: "picture", i: at });
        if (!bytes) throw new Error("The picture did not come.");
        arrive();
        return put(bytes, bytes.getUint8(0) === 0xff ? "image/jpeg" : "image/webp");
      },
      ...(sides.some(({ edit }) => edit) && { picking: (...said) => picking(about, keeping, ...said) }),
    });
    link.follow("_marks", () => made.mark(marks()));
    return () => ended.abort();
  },
};
