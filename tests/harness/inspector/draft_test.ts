import assert from "node:assert/strict";
import {
  addRow,
  changesOf,
  findRow,
  formatList,
  isChanged,
  problemsOf,
  readList,
  rebase,
  toggleRaw,
  undoChanges,
} from "../../../harness/inspector/page/draft.js";
import type { Draft } from "../../../harness/inspector/types.ts";

function encode(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}

function organization(values: Record<string, string>, id = "1") {
  const entries = Object.entries(values).map(([key, value]) => ({
    key,
    value: encode(value),
  }));
  return { id, name: `Organization ${id}`, entries };
}

function draftOf(values: Record<string, string>): Draft {
  const draft: Draft = { rows: [] };
  rebase(draft, [organization(values)]);
  return draft;
}

Deno.test("readList() reads names and arrays, each name once", () => {
  assert.deepEqual(readList(" a, b,,\nc, a "), ["a", "b", "c"]);
  assert.deepEqual(readList("a b"), ["a b"]);
  assert.deepEqual(readList(' ["a, b", "c"] '), ["a, b", "c"]);
  assert.deepEqual(readList(""), []);
  for (const text of ['["a", 1]', "[", '[["a"]]', "[a]"]) {
    assert.equal(readList(text), undefined, text);
  }
});

Deno.test("formatList() writes what readList() reads back", () => {
  for (
    const list of [
      [],
      ["a", "b"],
      ["a b"],
      ["a, b"],
      [" a"],
      ["[a"],
      ["a\nb"],
      [""],
      ["é", '"'],
    ]
  ) {
    assert.deepEqual(readList(formatList(list)), list);
  }
  assert.equal(formatList(["a", "b"]), "a, b");
});

Deno.test("isChanged() compares with what is stored, however it is formatted", () => {
  const draft = draftOf({ a: '[ "x" ]', text: "x,y", binary: "\u{fffd}" });
  assert.deepEqual(draft.rows.filter(isChanged), []);
  const row = findRow(draft, "1", "a")!;
  row.text = "x,";
  assert.equal(isChanged(row), true);
  toggleRaw(row);
  assert.equal(row.text, '["x"]');
});

Deno.test("toggleRaw() shows the stored text as it is", () => {
  const draft = draftOf({ a: '[ "x",  "y" ]' });
  const row = findRow(draft, "1", "a")!;
  toggleRaw(row);
  assert.equal(row.text, '[ "x",  "y" ]');
  assert.equal(isChanged(row), false);
  toggleRaw(row);
  assert.equal(row.text, "x, y");
});

Deno.test("changesOf() lists only what was edited, with what was stored", () => {
  const draft = draftOf({ a: '["x"]', b: '["y"]', odd: "not a list" });
  findRow(draft, "1", "a")!.text = "x, z";
  findRow(draft, "1", "b")!.isRemoved = true;
  addRow(draft, { organization: "1", key: " c ", isNamed: false, text: "n" });
  addRow(draft, { organization: "1", key: "role without entry" });
  assert.deepEqual([...changesOf(draft)], [["1", [
    { key: "a", value: '["x","z"]', before: encode('["x"]') },
    { key: "b", value: null, before: encode('["y"]') },
    { key: "c", value: '["n"]', before: null },
  ]]]);
  undoChanges(draft);
  assert.equal(changesOf(draft).size, 0);
});

Deno.test("problemsOf() names what keeps a row from being saved", () => {
  const draft = draftOf({ admin: '["x"]' });
  const add = (key: string, text = "a") =>
    addRow(draft, { organization: "1", key, text, isNamed: false });
  const rows = [add(" "), add("x".repeat(201)), add("admin"), add("new", "[a")];
  const fine = add("x".repeat(200));
  const problems = problemsOf(draft);
  const expected = [
    /Give the role a name/,
    /201/,
    /already a row/,
    /JSON array/,
  ];
  rows.forEach((row, index) =>
    assert.match(problems.get(row) ?? "", expected[index]!)
  );
  assert.equal(problems.has(fine), false);
});

Deno.test("rebase() keeps every edit when the mapping changes elsewhere", async (t) => {
  const before = { a: '["x"]', b: '["y"]', c: '["z"]' };
  await t.step("an edited row keeps the edit, with a note", () => {
    const draft = draftOf(before);
    findRow(draft, "1", "a")!.text = "mine";
    const told = rebase(draft, [organization({ ...before, a: '["theirs"]' })]);
    const row = findRow(draft, "1", "a")!;
    assert.equal(row.text, "mine");
    assert.match(row.note ?? "", /theirs.*Saving replaces/);
    assert.deepEqual(told, ['a is now ["theirs"] (changed elsewhere)']);
    const [change] = changesOf(draft).get("1")!;
    assert.equal(change!.before, encode('["theirs"]'));
  });
  await t.step("another row follows", () => {
    const draft = draftOf(before);
    const told = rebase(draft, [
      organization({ a: '["x"]', b: '["new"]', d: "q" }),
    ]);
    assert.equal(findRow(draft, "1", "b")!.text, "new");
    assert.equal(findRow(draft, "1", "c"), undefined);
    assert.deepEqual(told, [
      'b is now ["new"] (changed elsewhere)',
      "c was removed elsewhere",
      "d was added elsewhere",
    ]);
  });
  await t.step("what was saved here is no difference", () => {
    const draft = draftOf(before);
    findRow(draft, "1", "a")!.text = "mine";
    findRow(draft, "1", "b")!.isRemoved = true;
    const added = addRow(draft, {
      organization: "1",
      key: "n",
      isNamed: false,
      text: "v",
    });
    const saved = organization({ a: '["mine"]', c: '["z"]', n: '["v"]' });
    assert.deepEqual(rebase(draft, [saved]), []);
    assert.equal(changesOf(draft).size, 0);
    assert.equal(findRow(draft, "1", "n")!.id, added.id, "The focus is lost");
  });
  await t.step("an edited row survives the removal of its entry", () => {
    const draft = draftOf(before);
    findRow(draft, "1", "a")!.text = "mine";
    rebase(draft, [organization({ b: '["y"]', c: '["z"]' })]);
    assert.deepEqual(changesOf(draft).get("1"), [
      { key: "a", value: '["mine"]', before: null },
    ]);
  });
});
