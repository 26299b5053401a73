/**
 * Edits from the page itself, as `archives/page.py` writes it.
 *
 * Rows stand before the program, newest first, as JSON in elements that are named by the first of each: `rows-0`,
 * `rows-2000`, … All else comes after it, so that the page is seen while the rest is still being read: of row 7
 * `edit-7` as JSON, and its thumbnail `thumb-7`; and the pictures that edits name, such as `picture-3`, once each.
 * Pictures are base64.
 */

import type { Size } from "../slider";
import { type Item, item, type Row } from "./rows";
import type { Supply, Thumb } from "./supply";

interface Told {
  headline: string;
  facts: [string, string][];
  cell: string;
  trouble: string; // why there is no cell
  leak: string;
  masked: boolean;
  shown: Shown[]; // one a picture
}

interface Shown {
  pictures: number[]; // of those to show, as `Pictures` has them; if there are none, the thumbnail is all there is
  trouble: string;
  size: Size;
  received: Size;
}

const NOTHING: Shown = { pictures: [], trouble: "", size: [1, 1], received: [1, 1] };

const frame = () => new Promise(requestAnimationFrame);

/** The text of an element once it is there whole; undefined if the page ends without it. */
async function textOf(id: string): Promise<string | undefined> {
  for (;;) {
    const over = document.readyState !== "loading";
    const element = document.getElementById(id);
    if (element?.nextSibling || over) return element?.textContent ?? undefined;
    await frame();
  }
}

async function bytesOf(id: string): Promise<DataView | undefined> {
  const text = await textOf(id);
  if (text === undefined) return undefined;
  return new DataView(Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0)).buffer);
}

function rowsOf(): Item[] {
  const all: Item[] = [];
  for (;;) {
    const text = document.getElementById(`rows-${all.length}`)?.textContent;
    if (!text) return all;
    all.push(...(JSON.parse(text) as Partial<Row>[]).map(item));
  }
}

export function embedded(): Supply {
  const rows = rowsOf();
  const at = new Map(rows.map(({ id }, place) => [id, place]));
  const of = new Map<string, number>(); // the first row that has a picture: it is read soonest
  for (const [place, { pictures }] of rows.entries()) {
    const sha256 = pictures[0]?.[0];
    if (sha256 && !of.has(sha256)) of.set(sha256, place);
  }
  const told = async ({ id }: Item): Promise<Told> => {
    const text = await textOf(`edit-${at.get(id)}`);
    if (text === undefined) throw new Error("This page is not whole: the edit is missing.");
    return JSON.parse(text);
  };
  const small = async (place: number | undefined): Promise<DataView | undefined> => {
    const bytes = await bytesOf(`thumb-${place}`);
    return bytes?.byteLength ? bytes : undefined;
  };
  const thumb = async (sha256: string): Promise<Thumb> => {
    const row = rows[of.get(sha256) ?? -1];
    const bytes = row && (await small(of.get(sha256)));
    return bytes ?? ((row && (await told(row)).shown[0]?.trouble) || "This page has no picture of it.");
  };
  return {
    total: () => rows.length,
    first: () => rows,
    more: async () => [],
    thumbs: (wanted) => Promise.all(wanted.map(thumb)),
    async open(row, i) {
      const { headline, facts, leak, masked, shown } = await told(row);
      const { pictures, trouble, size, received } = shown[i] ?? NOTHING;
      const large = await Promise.all(pictures.map((number) => bytesOf(`picture-${number}`)));
      const whole = large.length && large.every((one) => one !== undefined) ? large : [];
      const bytes =
        whole.length || i ? whole : [await small(at.get(row.id))].filter((one) => one !== undefined);
      const about = { prompt: row.prompt, masked, leak, size, received };
      return { headline, facts, trouble, pictures: bytes.length ? { ...about, bytes } : null };
    },
    async cell(row) {
      const { cell, trouble } = await told(row);
      if (!cell) throw new Error(trouble);
      return cell;
    },
  };
}
