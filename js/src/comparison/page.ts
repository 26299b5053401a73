/** What stands in a saved notebook: makes comparisons of the figures of a page, each once it is seen. */

import { newId } from "../clock";
import { el } from "../dom";
import { mount } from "./comparison";
import { MODES, type Mode } from "./keys";
import type { Side } from "./sights";

const NEAR = "600px"; // what is that far from the window is made ready

function enhance(place: HTMLElement): void {
  const found = [...place.querySelectorAll<HTMLElement>("[data-rqe-side]")];
  const sources = found.map((each) => each.querySelector("img")?.src ?? "");
  const sides = found.map((each) => JSON.parse(each.dataset.rqeSide ?? "") as Side);
  const wanted = place.dataset.rqeComparison ?? "";
  if (sides.length < 2) return;
  mount(place, el("div", { class: "rqe" }), {
    sides,
    mode: wanted in MODES ? (wanted as Mode) : "slider",
    view: newId(),
    signal: new AbortController().signal,
    tallest: 400, // they are small
    load: async (at) => sources[at] ?? "",
  });
  for (const figure of found) figure.style.display = "none";
}

/** Where a live view hides what stands for it, nothing is made. */
const watcher = new IntersectionObserver(
  (seen) => {
    for (const { target, isIntersecting } of seen) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      enhance(target as HTMLElement);
    }
  },
  { rootMargin: NEAR },
);

for (const place of document.querySelectorAll<HTMLElement>("[data-rqe-comparison]:not([data-rqe-seen])")) {
  place.dataset.rqeSeen = "";
  watcher.observe(place);
}
