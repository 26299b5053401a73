/** Whether a kernel is behind the view: ipywidgets knows it of every model of its own; other hosts do not say. */

import type { AnyModel } from "@anywidget/types";
import type { Link, Traits } from "./model";

/** A model as ipywidgets keeps it. The editor's own is hidden from it; its layout is alive as long as it is. */
interface Layout {
  comm_live?: boolean;
  on(name: string, then: () => void): void;
  off(name: string, then: () => void): void;
}

/** Tells the link when the kernel is restarted, and at once if the view is only of a notebook that was saved. */
export function plug(link: Link, model: AnyModel<Traits>): void {
  const layout = (model as AnyModel).get("layout") as Layout | null | undefined;
  if (typeof layout?.comm_live !== "boolean") return;
  const tell = () => link.plugged(layout.comm_live !== false);
  layout.on("comm_live_update", tell);
  link.signal.addEventListener("abort", () => layout.off("comm_live_update", tell));
  tell();
}
