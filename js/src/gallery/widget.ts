/** The gallery in a notebook: an anywidget. */

import { el } from "../dom";
import { plug } from "../plug";
import { widget } from "../widget";
import { mount } from "./gallery";
import { type Query, queried } from "./query";
import { type GalleryLink, linked, type Traits, wired } from "./wired";

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

export default widget<Traits>(({ model, place, signal }) => {
  const link = linked(model, signal);
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
    signal,
    look: queried(link.get("look")),
    looked: keeping(link),
  });
});
