/** What stands over the grid: how far it is, and the button that ends it. */

import { el, enable } from "../dom";
import { div, say } from "../pieces";
import type { GridLink } from "./wired";
import { finished, isOver, summed } from "./words";

const PATIENCE = 400; // milliseconds that a free kernel needs at most
const SPOKEN = 4000; // milliseconds between two things that are read out

export function header(link: GridLink): HTMLElement {
  const bar = el("div", {
    class: "rqe-progress",
    role: "progressbar",
    "aria-label": "Edits made",
    "aria-valuemin": "0",
  });
  const filled = bar.appendChild(el("div", { class: "rqe-filled" }));
  const bad = bar.appendChild(el("div", { class: "rqe-filled rqe-filled-bad" }));
  const line = el("p", { class: "rqe-count" });
  const spoken = el("p", { class: "rqe-unseen", role: "status" });
  const trouble = el("p", { class: "rqe-problem" });
  const queued = el("p", { class: "rqe-quiet", role: "status", hidden: true });
  let sent = 0; // when Cancel was clicked
  const cancel = el("button", { class: "outlined", onclick: () => stop() }, "Cancel");
  const stop = () => {
    if (cancel.getAttribute("aria-disabled") === "true") return;
    sent = performance.now();
    link.send({ k: "cancel" });
    setTimeout(show, PATIENCE + 20);
    show();
  };
  let said = 0;
  const show = () => {
    const head = link.get("head");
    const over = isOver(head);
    const waits = link.waiting("cancel").length > 0;
    const text = summed(head);
    line.textContent = text;
    if (over || performance.now() - said > SPOKEN) {
      said = performance.now();
      if (spoken.textContent !== text) spoken.textContent = text;
    }
    say(trouble, head.text);
    const share = (count: number) => `${(100 * count) / Math.max(1, head.total)}%`;
    filled.style.width = share(head.made + head.recorded);
    bad.style.width = share(head.failed);
    bar.setAttribute("aria-valuemax", String(head.total));
    bar.setAttribute("aria-valuenow", String(finished(head)));
    bar.setAttribute("aria-valuetext", text);
    bar.hidden = cancel.hidden = !link.get("live") || over;
    enable(cancel, !waits && head.state !== "cancelling" && !link.gone());
    const slow = waits && performance.now() - sent > PATIENCE;
    say(queued, slow && !over ? "Queued: the kernel is busy. Interrupt it to stop at once." : "");
  };
  link.onWaiting(show);
  link.follow("head", show);
  return div("head rqe-col", div("row rqe-sum", line, cancel), bar, queued, trouble, spoken);
}
