/** The comparison in a notebook: an anywidget. Its mirror is `widgets/comparison.py`. */

import { asking } from "../asking";
import { el, urls } from "../dom";
import { type Answer, connected, type Linked } from "../link";
import { plug } from "../plug";
import { widget } from "../widget";
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

export default widget<Traits>(({ model, place, signal }) => {
  const link: Linked<Traits, Outgoing, Incoming> = connected(model, signal);
  plug(link, model);
  link.send({ k: "ready" });
  const ask = asking(link, ["picture"]);
  const put = urls(signal);
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
    star: (at, on) => ask("ack", { k: "star", i: at, on }),
    tag: (at, tag) => ask("ack", { k: "tag", i: at, tag }),
  };
  const made = mount(place, root, {
    sides,
    mode: mode in MODES ? mode : "slider",
    view: link.view,
    signal,
    async load(at) {
      const [, [bytes]] = await ask("picture", { k: "picture", i: at });
      if (!bytes) throw new Error("The picture did not come.");
      arrive();
      return put(bytes, bytes.getUint8(0) === 0xff ? "image/jpeg" : "image/webp");
    },
    ...(sides.some(({ edit }) => edit) && { picking: (...said) => picking(about, keeping, ...said) }),
  });
  link.follow("_marks", () => made.mark(marks()));
});
