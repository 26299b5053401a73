/** Where the focus goes among cells by a key: pure. */

/** The place of a cell from the one at `at` of `count`, laid out in so many columns; undefined if it is no such key. */
export function moved(
  columns: number,
  count: number,
  at: number,
  key: string,
  far: boolean,
): number | undefined {
  const start = at - (at % columns);
  const end = Math.min(count, start + columns) - 1;
  const within = (to: number) => (to < 0 || to >= count ? at : to);
  switch (key) {
    case "ArrowLeft":
      return Math.max(start, at - 1);
    case "ArrowRight":
      return Math.min(end, at + 1);
    case "ArrowUp":
      return within(at - columns);
    case "ArrowDown":
      return within(at + columns);
    case "Home":
      return far ? 0 : start;
    case "End":
      return far ? count - 1 : end;
  }
  return undefined;
}

/** Which of so many tabs a key leads to from the one at `at`; undefined if it is no such key. */
export function turned(count: number, at: number, key: string): number | undefined {
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: count - 1 }[key];
  return to === undefined ? undefined : (to + count) % count;
}
