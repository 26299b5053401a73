import assert from "node:assert/strict";
import { test } from "node:test";
import { told } from "../src/gallery/gallery";
import { GAP, moved, placed, planned, seen, shown } from "../src/gallery/layout";
import { marking } from "../src/gallery/marking";
import { apart } from "../src/gallery/pair";
import { choices, EVERYTHING, found, narrows, type Query, queried } from "../src/gallery/query";
import { brief, folded, item, lined, mark, type Row } from "../src/gallery/rows";

const DAY = 24 * 3600 * 1000;
const NOON = new Date(2026, 10, 20, 12).getTime();

/** Rows as they come, the newest first and each a day before the other. */
const rows = (...given: Partial<Row>[]) =>
  given.map((row, at) =>
    item({ id: `id-${at}`, at: NOON - at * DAY, size: "auto", quality: "auto", ...row }),
  );

const ids = (all: ReturnType<typeof rows>, query: Partial<Query>) =>
  found(all, { ...EVERYTHING, ...query }).items.map(({ id }) => id.slice(3));

const FEW = rows(
  {
    prompt: "Make the CAFÉ golden",
    model: "azure/openai/gpt-image-1.5",
    quality: "low",
    tags: ["best"],
    dollars: 0.2,
  },
  {
    prompt: "Die Straße im Regen",
    model: "offline/painter",
    quality: "low",
    names: ["Größe.png"],
    dollars: 0,
  },
  {
    prompt: "a red hat",
    model: "azure/openai/gpt-image-1.5",
    quality: "high",
    tags: ["best", "hat"],
    dollars: 0.9,
  },
  { prompt: "another hat", model: "google/gemini-image-3", quality: "high", dollars: 0.2 },
);

test("what is searched is without case and accents, on both sides", () => {
  assert.equal(folded("CAFÉ"), folded("café"));
  assert.equal(folded("STRASSE"), folded("Straße"));
  assert.equal(folded("ΠΡΌΣΩΠΟΣ"), folded("πρόσωποσ"));
  assert.deepEqual(ids(FEW, { text: "cafe" }), ["0"]);
  assert.deepEqual(ids(FEW, { text: "STRASSE" }), ["1"]);
  assert.deepEqual(ids(FEW, { text: "  Grösse " }), ["1"]);
});

test("all words have to be there, wherever in prompt, model, tags and names of sources", () => {
  assert.deepEqual(ids(FEW, { text: "hat" }), ["2", "3"]);
  assert.deepEqual(ids(FEW, { text: "hat gemini" }), ["3"]);
  assert.deepEqual(ids(FEW, { text: "best golden" }), ["0"]);
  assert.deepEqual(ids(FEW, { text: "golden hat" }), []);
  assert.deepEqual(ids(FEW, { text: "\u0000" }), []);
});

test("filters and dates narrow together; the last day is included", () => {
  assert.deepEqual(ids(FEW, { model: "azure/openai/gpt-image-1.5", tag: "best" }), ["0", "2"]);
  assert.deepEqual(ids(FEW, { quality: "high", text: "red" }), ["2"]);
  assert.deepEqual(ids(FEW, { from: "2026-11-19" }), ["0", "1"]);
  assert.deepEqual(ids(FEW, { from: "2026-11-18", to: "2026-11-19" }), ["1", "2"]);
  assert.deepEqual(ids(FEW, { from: "no date" }), ["0", "1", "2", "3"]);
});

test("each facet's numbers are those with everything else that is looked for", () => {
  const { counts, items } = found(FEW, { ...EVERYTHING, model: "azure/openai/gpt-image-1.5" });
  assert.equal(items.length, 2);
  assert.deepEqual(
    [...counts.quality],
    [
      ["low", 1],
      ["high", 1],
    ],
  );
  assert.equal(counts.model.get("offline/painter"), 1); // what another choice would give
  assert.deepEqual(choices(counts.tag, "gone"), [
    ["best", 2],
    ["hat", 1],
    ["gone", 0],
  ]);
});

test("orders: newest as they come, oldest, dearest with the newest first among equals, by prompt", () => {
  assert.deepEqual(ids(FEW, {}), ["0", "1", "2", "3"]);
  assert.deepEqual(ids(FEW, { sort: "oldest" }), ["3", "2", "1", "0"]);
  assert.deepEqual(ids(FEW, { sort: "cost" }), ["2", "0", "3", "1"]);
  assert.deepEqual(ids(FEW, { sort: "prompt" }), ["2", "3", "1", "0"]);
  assert.deepEqual(ids(FEW, {}), ["0", "1", "2", "3"]); // and nothing was moved by that
});

test("what was kept of a query is taken as far as it is one", () => {
  assert.deepEqual(queried({ text: "hat", sort: "cost", tag: 7, more: "x" }), {
    ...EVERYTHING,
    text: "hat",
    sort: "cost",
  });
  assert.deepEqual(queried({ sort: "constructor" }), EVERYTHING);
  assert.deepEqual(queried(undefined), EVERYTHING);
  assert.ok(!narrows({ ...EVERYTHING, sort: "cost", text: "  " }));
  assert.ok(narrows({ ...EVERYTHING, from: "2026-11-19" }));
});

test("ten thousand rows are searched and counted in the time of a frame or few", () => {
  const many = rows(...[...Array(10_000).keys()].map((at) => ({ ...FEW[at % 4], id: `id-${at}` })));
  found(many, { ...EVERYTHING, text: "warm" });
  const began = performance.now();
  const { items } = found(many, { ...EVERYTHING, text: "hat red", quality: "high" });
  assert.ok(performance.now() - began < 200); // of a machine that is shared; alone about 5
  assert.equal(items.length, 2500);
});

test("tiles fill the width, and each place is where its column and row are", () => {
  const plan = planned(1000, 11);
  assert.equal(plan.columns, 5);
  assert.ok(plan.columns * plan.width + 4 * GAP <= 1000);
  assert.deepEqual(placed(plan, 0), [0, 0]);
  assert.deepEqual(placed(plan, 6), [plan.width + GAP, plan.height + GAP]);
  assert.equal(plan.total, 3 * plan.height + 2 * GAP);
  assert.deepEqual([planned(90, 3).columns, planned(320, 3).columns], [1, 2]);
  assert.equal(planned(400, 0).total, 0);
});

test("only what is on the screen and about it is made, whole rows", () => {
  const plan = planned(1000, 10_000);
  const step = plan.height + GAP;
  const { made, seen: visible } = seen(plan, 50 * step + 1, 3 * step);
  assert.deepEqual(visible, [250, 270]);
  assert.deepEqual(made, [235, 285]);
  assert.deepEqual(seen(plan, 0, step).made, [0, 10]);
  assert.deepEqual(seen(planned(1000, 3), 0, 5000).made, [0, 3]);
  assert.deepEqual(seen(planned(1000, 0), 0, 500).made, [0, 0]);
  assert.deepEqual(seen(plan, plan.total + 9999, step).made, [10_000, 10_000]);
});

test("arrows move by tiles and rows, and stay within", () => {
  const plan = planned(1000, 12); // 5, 5 and 2
  const to = (at: number, key: string) => moved(plan, at, key, 2 * (plan.height + GAP));
  assert.deepEqual(
    ["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp"].map((key) => to(6, key)),
    [7, 5, 11, 1],
  );
  assert.equal(to(9, "ArrowDown"), 11); // the last row is short
  assert.equal(to(11, "ArrowDown"), 11);
  assert.equal(to(2, "ArrowUp"), 2);
  assert.equal(to(0, "ArrowLeft"), 0);
  assert.deepEqual([to(6, "Home"), to(6, "End"), to(1, "PageDown"), to(11, "PageUp")], [0, 11, 11, 1]);
  assert.equal(to(6, "a"), undefined);
});

test("a tile is scrolled to no farther than it must", () => {
  const plan = planned(1000, 100);
  const step = plan.height + GAP;
  assert.equal(shown(plan, 7, step, 600), step);
  assert.equal(shown(plan, 7, 0, 3 * step), 0);
  assert.equal(shown(plan, 50, 0, 3 * step), 10 * step + plan.height - 3 * step);
  assert.equal(shown(plan, 5, 9000, 3 * step), step);
});

test("words for what was found, and what is not here yet", () => {
  assert.equal(told(10_000, 10_000, 10_000, false), "10,000 edits");
  assert.equal(told(37, 10_000, 10_000, true), "37 of 10,000 edits");
  assert.equal(told(1, 1, 1, false), "1 edit");
  assert.equal(told(3, 2000, 10_000, true), "3 of 10,000 edits (2,000 of 10,000 are here so far)");
  assert.equal(told(0, 0, 0, false), "");
});

test("of two edits the facts are told that they do not share", () => {
  const facts = apart(
    [
      ["Size", "1024x1024"],
      ["Take", "1"],
      ["Tags", "best"],
    ],
    [
      ["Size", "1024x1024"],
      ["Take", "2"],
    ],
  );
  assert.deepEqual(facts, [
    ["Take", "1", "2"],
    ["Tags", "best", "–"],
  ]);
});

test("a model stands without its provider, a prompt in one line", () => {
  assert.equal(brief("azure/openai/gpt-image-1.5"), "gpt-image-1.5");
  assert.equal(lined(" a red\n  hat\t"), "a red hat");
  assert.equal(lined(" \n"), "(no prompt)");
});

test("what is noted later is found as if it had always been there", () => {
  const all = rows({ prompt: "a hat" }, { prompt: "a coat", tags: ["draft"] });
  assert.deepEqual(found(all, EVERYTHING).counts.star.size, 0);
  const first = all[0];
  assert.ok(first);
  mark(first, { starred: true, tags: ["Best"] });
  assert.deepEqual(ids(all, { star: "starred" }), ["0"]);
  assert.deepEqual(ids(all, { text: "best hat" }), ["0"]);
  assert.deepEqual([...found(all, EVERYTHING).counts.tag.keys()], ["Best", "draft"]);
  assert.equal(all[0], first); // tiles know it by itself
  mark(first, { starred: false, tags: [] });
  assert.deepEqual([ids(all, { star: "starred" }), ids(all, { text: "best" })], [[], []]);
});

test("keys star and tag an edit, and say what was kept or why not", async () => {
  const done: unknown[] = [];
  const said: [string, boolean][] = [];
  const keeping = {
    star: async (row: { id: string }, on: boolean) => void done.push([row.id, on]),
    tag: async (_: unknown, word: string) => {
      throw new Error(`not ${word}`);
    },
  };
  const form = {
    element: undefined as never,
    open: (_: string, known: Iterable<string>, add: (word: string) => void) => {
      done.push([...known]);
      add("best");
    },
    close: () => {},
  };
  const marks = marking(
    keeping,
    form,
    () => ["known"],
    (text, wrong) => said.push([text, wrong]),
  );
  assert.ok(marks);
  const [row] = rows({ prompt: "a hat" });
  const press = (key: string, more = {}) => {
    let taken = false;
    const event = {
      key,
      preventDefault: () => {
        taken = true;
      },
      ...more,
    };
    return marks.key(event as KeyboardEvent, row) && taken;
  };
  assert.deepEqual([press("*"), press("s"), press("t")], [true, true, true]);
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(done, [["id-0", true], ["id-0", true], ["known"]]);
  assert.deepEqual(said.sort(), [
    ["Starred.", false],
    ["Starred.", false],
    ["not best", true],
  ]);
  const others = [press("x"), press("*", { ctrlKey: true }), press("s", { repeat: true })];
  assert.deepEqual(others, [false, false, false]);
  assert.equal(marks.key({ key: "*" } as KeyboardEvent, undefined), false);
  assert.equal(done.length, 3);
  assert.equal(
    marking(
      undefined,
      form,
      () => [],
      () => {},
    ),
    undefined,
  ); // nowhere to keep them
});
