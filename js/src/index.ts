/** The editor's view: the stage beside the panel, the results below. */

import "./base.css";
import "./pieces.css";
import "./editor.css";
import "./stage.css";
import { el } from "./dom";
import { shelter } from "./keyboard";
import { connect, type Traits } from "./model";
import { panel } from "./panel";
import { plug } from "./plug";
import { results } from "./results";
import { stage } from "./stage";
import { theme } from "./theme";
import { widget } from "./widget";

export default widget<Traits>(({ model, place, signal }) => {
  const link = connect(model, signal);
  link.follow("_photo", () => link.send({ k: "ready" }));
  const layout = el(
    "div",
    { class: "rqe-layout" },
    stage(link, model),
    el("div", { class: "rqe-ask" }, panel(link)),
    results(link),
  );
  const root = el("div", { class: "rqe", "data-still": link.get("_key") }, layout);
  const count = () => root.setAttribute("data-waiting", String(link.waiting().length));
  link.onWaiting(count);
  count();
  plug(link, model);
  shelter(root, signal);
  place.append(root);
  theme(root, signal);
  signal.addEventListener("abort", () => root.remove());
});
