/** Whether a kernel is behind the view: ipywidgets knows it of every model of its own; other hosts do not say. */

import type { AnyModel } from "@anywidget/types";
import type { Linked, Message } from "./link";

/** A model as ipywidgets keeps it. The widget's own is hidden from it; its layout is alive as long as it is. */
interface Layout {
  comm_live?: boolean;
  on(name: string, then: () => void): void;
  off(name: string, then: () => void): void;
}

/** Tells the link when the kernel is restarted, and at once if the view is only of a notebook that was saved. */
export function plug<T extends object, O extends Message, I extends Message>(
  link: Linked<T, O, I>,
  model: AnyModel<T>,
): void {
  const layout = (model as AnyModel).get("layout") as Layout | null | undefined;
  if (typeof layout?.comm_live !== "boolean") return;
  const tell = () => link.plugged(layout.comm_live !== false);
  layout.on("comm_live_update", tell);
  link.signal.addEventListener("abort", () => layout.off("comm_live_update", tell));
  tell();
}
