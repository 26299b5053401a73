/** The grid in a notebook: an anywidget. */

import { el } from "../dom";
import { shelter } from "../keyboard";
import { plug } from "../plug";
import { theme } from "../theme";
import { widget } from "../widget";
import { sweep } from "./sweep";
import { linked, type Traits } from "./wired";

export default widget<Traits>(({ model, place, signal }) => {
  const link = linked(model, signal);
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
  shelter(root, signal);
  place.append(root);
  theme(root, signal);
  signal.addEventListener("abort", () => root.remove());
});
