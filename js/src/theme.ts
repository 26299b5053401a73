/** Whether what surrounds the editor is dark. */

function isDark(node: HTMLElement): boolean {
  const jupyter = document.body.dataset.jpThemeLight;
  if (jupyter) return jupyter === "false";
  const ground = groundOf(node);
  if (ground !== null) return ground < 0.4;
  return window.matchMedia("(prefers-color-scheme: dark)").matches;
}

/** The lightness of the nearest background that is there, 0 to 1; null if all is transparent. */
function groundOf(node: HTMLElement): number | null {
  for (let each = above(node); each; each = above(each)) {
    const parts = getComputedStyle(each).backgroundColor.match(/^rgba?\((.*)\)$/)?.[1];
    const [red = 0, green = 0, blue = 0, alpha = 1] = parts?.split(/[ ,/]+/).map(Number) ?? [0, 0, 0, 0];
    if (alpha > 0.5) return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
  }
  return null;
}

/** The parent, out of shadow roots too. */
function above(node: Element): Element | null {
  return node.parentElement ?? (node.getRootNode() as Partial<ShadowRoot>).host ?? null;
}

/** Keeps `data-dark` on the root as the surroundings are. */
export function theme(root: HTMLElement, signal: AbortSignal): void {
  const set = () => root.toggleAttribute("data-dark", isDark(root));
  const watcher = new MutationObserver(set);
  const attributes = {
    attributes: true,
    attributeFilter: ["data-jp-theme-light", "data-theme", "class", "style"],
  };
  watcher.observe(document.body, attributes);
  watcher.observe(document.documentElement, attributes);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", set, { signal });
  signal.addEventListener("abort", () => watcher.disconnect());
  set();
  requestAnimationFrame(set); // by then it stands where it is shown
}
