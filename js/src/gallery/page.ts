/** The gallery as a file of its own. */

import { el } from "../dom";
import { button, div } from "../pieces";
import { embedded } from "./embedded";
import { mount } from "./gallery";
import { EVERYTHING } from "./query";

/** Light or dark, as JupyterLab says it: what is looked for first. */
const turn = (root: HTMLElement) => {
  document.body.dataset.jpThemeLight = String(root.hasAttribute("data-dark"));
};

const place = document.getElementById("gallery");
if (place) {
  const root = el("div", { class: "rqe rqe-page" });
  const shade = button("Light or dark", () => turn(root));
  root.append(div("page-head", el("h1", {}, document.title), shade));
  mount(place, root, {
    supply: embedded(),
    view: "page",
    signal: new AbortController().signal,
    look: EVERYTHING,
    looked: () => {},
  });
}
