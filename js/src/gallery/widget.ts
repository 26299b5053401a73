/** The gallery in a notebook: an anywidget. */

import type { AnyModel } from "@anywidget/types";
import { el } from "../dom";
import { plug } from "../plug";
import { mount } from "./gallery";
import { type Query, queried } from "./query";
import { type GalleryLink, linked, type Traits, wired } from "./wired";

interface Render {
  model: AnyModel<Traits>;
  el: HTMLElement;
  signal?: AbortSignal; // anywidget gives one from 0.11 on; before, it calls what render returns
}

const PAUSE = 250; // milliseconds without another letter

/** Keeps what is looked for, for other views and for this one drawn anew. */
function keeping(link: GalleryLink): (query: Query) => void {
  let latest: Query | undefined;
  let timer = 0;
  const keep = () => {
    if (latest) link.set("look", { ...latest });
    latest = undefined;
  };
  link.signal.addEventListener("abort", keep);
  return (query) => {
    latest = query;
    clearTimeout(timer);
    timer = window.setTimeout(keep, PAUSE);
  };
}

export default {
  render({ model, el: place, signal }: Render): () => void {
    const ended = new AbortController();
    signal?.addEventListener("abort", () => ended.abort());
    const link = linked(model, ended.signal);
    plug(link, model);
    link.send({ k: "ready" });
    const root = el("div", { class: "rqe" });
    const alive = () => {
      // Where there is no kernel, what stands for the gallery in the notebook's file shows more than it does.
      if (!link.gone()) root.setAttribute("data-still", link.get("_key"));
      root.setAttribute("data-waiting", String(link.waiting().length));
    };
    link.onWaiting(alive);
    alive();
    mount(place, root, {
      supply: wired(link),
      view: link.view,
      signal: ended.signal,
      look: queried(link.get("look")),
      looked: keeping(link),
    });
    return () => ended.abort();
  },
};
