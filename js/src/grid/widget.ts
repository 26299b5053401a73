/** The grid in a notebook: an anywidget. */

import type { AnyModel } from "@anywidget/types";
import { el } from "../dom";
import { shelter } from "../keyboard";
import { plug } from "../plug";
import { theme } from "../theme";
import { sweep } from "./sweep";
import { linked, type Traits } from "./wired";

interface Render {
  model: AnyModel<Traits>;
  el: HTMLElement;
  signal?: AbortSignal; // anywidget gives one from 0.11 on; before, it calls what render returns
}

export default {
  render({ model, el: place, signal }: Render): () => void {
    const ended = new AbortController();
    signal?.addEventListener("abort", () => ended.abort());
    const link = linked(model, ended.signal);
    plug(link, model);
    link.send({ k: "ready" });
    const root = el("div", { class: "rqe" }, sweep(link));
    const alive = () => {
      // Where there is no kernel, what stands for the grid in the notebook's file shows more than it does.
      if (!link.gone()) root.setAttribute("data-still", link.get("_key"));
      root.hidden = !root.hasAttribute("data-still");
      root.setAttribute("data-waiting", String(link.waiting().length));
    };
    link.onWaiting(alive);
    alive();
    shelter(root, ended.signal);
    place.append(root);
    theme(root, ended.signal);
    ended.signal.addEventListener("abort", () => root.remove());
    return () => ended.abort();
  },
};
