/** Whether a kernel is behind the view: ipywidgets knows it of every model of its own; other hosts do not say. */

import type { AnyModel } from "@anywidget/types";
import type { Link, Traits } from "./model";
import { childOf, type Manager } from "./mount";

/** Tells the link when the kernel is restarted, and at once if the view is only of a notebook that was saved. */
export function plug(link: Link, model: AnyModel<Traits>): void {
  let release = () => {};
  link.follow("_photo", async () => {
    const reference = link.get("_photo");
    const manager = model.widget_manager as unknown as Manager | undefined;
    if (!reference || !manager) return;
    const child = await childOf(manager, reference);
    if (!child || link.signal.aborted || reference !== link.get("_photo")) return;
    const tell = () => link.plugged(child.comm_live !== false);
    release();
    release = () => child.off("comm_live_update", tell);
    child.on("comm_live_update", tell);
    tell();
  });
  link.signal.addEventListener("abort", () => release());
}
