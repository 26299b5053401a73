/** Where tiles lie in a grid of which only a part is seen: pure. */

export const GAP = 14; // CSS pixels between tiles
const NARROWEST = 168; // of a tile
const TWO = 280; // of the window: two stand beside each other on a phone
const WORDS = 62; // height of the words under a picture
const SHAPE = 3 / 4; // of the place for a picture: height by width
const AHEAD = 1; // heights of the window that are made ready above and below it

export interface Plan {
  count: number;
  columns: number;
  width: number; // of a tile
  picture: number; // height of a tile's picture
  height: number; // of a tile
  total: number; // height of all
}

export function planned(wide: number, count: number): Plan {
  const columns = Math.max(wide < TWO ? 1 : 2, Math.floor((wide + GAP) / (NARROWEST + GAP)));
  const width = Math.max(1, Math.floor((wide - GAP * (columns - 1)) / columns));
  const picture = Math.round(width * SHAPE);
  const height = picture + WORDS;
  const rows = Math.ceil(count / columns);
  return { count, columns, width, picture, height, total: Math.max(0, rows * (height + GAP) - GAP) };
}

/** Left and top of a tile. */
export function placed({ columns, width, height }: Plan, at: number): [number, number] {
  return [(at % columns) * (width + GAP), Math.floor(at / columns) * (height + GAP)];
}

/** The tiles to be made, from the first to the one after the last, and among them those that are seen. */
export function seen(
  plan: Plan,
  top: number,
  high: number,
): { made: [number, number]; seen: [number, number] } {
  const within = (from: number, to: number): [number, number] => {
    const step = plan.height + GAP;
    const first = Math.max(0, Math.floor(from / step)) * plan.columns;
    const last = Math.min(plan.count, Math.max(0, Math.ceil(to / step)) * plan.columns);
    return [Math.min(first, last), last];
  };
  return { made: within(top - high * AHEAD, top + high * (1 + AHEAD)), seen: within(top, top + high) };
}

/** Where the focus goes from a tile by a key; undefined if it is not one that moves it. */
export function moved(plan: Plan, at: number, key: string, high: number): number | undefined {
  const page = Math.max(1, Math.floor(high / (plan.height + GAP))) * plan.columns;
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -plan.columns,
    ArrowDown: plan.columns,
    PageUp: -page,
    PageDown: page,
    Home: -plan.count,
    End: plan.count,
  };
  const step = steps[key];
  if (step === undefined) return undefined;
  const to = at + step;
  if (Math.abs(step) === plan.columns && plan.columns > 1 && (to < 0 || to >= plan.count)) {
    const below = Math.floor(at / plan.columns) < Math.floor((plan.count - 1) / plan.columns);
    return to >= plan.count && below ? plan.count - 1 : at; // the last row may be short
  }
  return Math.min(plan.count - 1, Math.max(0, to));
}

/** The least that a window must be scrolled to, so that a tile is seen whole. */
export function shown(plan: Plan, at: number, top: number, high: number): number {
  const [, y] = placed(plan, at);
  if (y < top || plan.height > high) return y;
  return Math.max(top, y + plan.height - high);
}
