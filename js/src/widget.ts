/** What every anywidget of this package does when it is put on a page. */

import type { AnyModel } from "@anywidget/types";

interface Render<T> {
  model: AnyModel<T & Record<string, unknown>>;
  el: HTMLElement;
  signal?: AbortSignal; // anywidget gives one from 0.11 on; before, it calls what render returns
}

/** A view: the widget's model, where it goes, and its end. */
export interface View<T> {
  model: AnyModel<T & Record<string, unknown>>;
  place: HTMLElement;
  signal: AbortSignal;
}

/** Makes an anywidget of what shows a view. */
export const widget = <T extends object>(show: (view: View<T>) => void) => ({
  render({ model, el, signal }: Render<T>): () => void {
    const ended = new AbortController();
    signal?.addEventListener("abort", () => ended.abort());
    show({ model, place: el, signal: ended.signal });
    return () => ended.abort();
  },
});
