import assert from "node:assert/strict";
import {
  Edits,
  formatValue,
  readList,
} from "../../../harness/inspector/page/edits.js";

function encode(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}

function stored(values: Record<string, string>) {
  const entries = Object.entries(values).map(([key, value]) => ({
    key,
    value: encode(value),
  }));
  return [{ id: "1", name: "Acme", entries }];
}

const entry = (key: string) => ({ organization: "1", key });

function editsOf(values: Record<string, string>): Edits {
  const edits = new Edits();
  edits.takeOver(stored(values));
  return edits;
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

Deno.test("formatValue() writes what readList() reads back", () => {
  const lists = [[], ["a", "b"], ["a b"], ["a, b"], [" a"], ["[a"], ["a\nb"], [
    "",
  ]];
  for (const list of [...lists, ["é", '"']]) {
    assert.deepEqual(readList(formatValue(encode(JSON.stringify(list)))), list);
  }
  assert.equal(formatValue(encode('["a","b"]')), "a, b");
  assert.equal(formatValue(encode("{broken")), "{broken");
  assert.equal(formatValue(undefined), "");
});

Deno.test("Edits.changesOf() lists what differs from what is stored", () => {
  const edits = editsOf({ a: '["x"]', b: "x", c: '["x"]', d: '[ "x" ]' });
  edits.change(entry("a"), { text: "x, y" });
  edits.change(entry("b"), { text: "x" });
  edits.change(entry("c"), { isRemoved: true });
  edits.change(entry("d"), { text: "x" });
  edits.change(entry("e"), { text: "new" });
  edits.change(entry("f"), { text: " " });
  edits.change(edits.add("1"), { key: " g ", text: "" });
  assert.deepEqual(edits.changesOf("1"), [
    { key: "a", value: '["x","y"]', before: encode('["x"]') },
    { key: "c", value: null, before: encode('["x"]') },
    { key: "e", value: '["new"]', before: null },
    { key: "g", value: "[]", before: null },
  ]);
  assert.deepEqual(edits.changesOf("2"), []);
});

Deno.test("Edits.problem() finds what keeps an edit from being saved", () => {
  const edits = editsOf({ a: '["x"]' });
  const added = edits.add("1");
  const problem = (key: string, text = "") =>
    edits.problem(edits.change(added, { key, text }));
  assert.match(problem(" "), /Give the role a name/);
  assert.match(problem("é".repeat(201)), /at most 200 characters.*has 201/);
  assert.equal(problem("é".repeat(200)), "");
  assert.match(problem("a "), /already a row for “a”/);
  edits.change(entry("n"), { text: "typed" });
  assert.match(problem("n"), /already a row for “n”/);
  assert.match(problem("b", "[1]"), /not an array of strings/);
  assert.equal(problem("b", "x"), "");
});

Deno.test("Edits.takeOver() keeps edits, tells conflicts, and forgets what agrees", () => {
  const edits = editsOf({ a: '["x"]', b: '["x"]', c: '["x"]' });
  for (const key of ["a", "b"]) edits.change(entry(key), { text: "mine" });
  edits.change(entry("c"), { isRemoved: true });
  const added = edits.change(edits.add("1"), { key: "n", text: "y" });
  edits.takeOver(stored({ a: '["theirs"]', b: '["mine"]', n: '["y"]' }));
  assert.deepEqual(edits.changed.map(({ key }) => key), ["a"]);
  assert.equal(added.isNew, false);
  const [a] = edits.changed;
  assert.equal(edits.conflict(a!), 'a is now ["theirs"] (changed elsewhere)');
  assert.match(edits.note(a), /Saving replaces that\.$/);
  assert.deepEqual(edits.changesOf("1"), [
    { key: "a", value: '["mine"]', before: encode('["theirs"]') },
  ]);
  edits.takeOver(stored({}));
  assert.equal(edits.conflict(a!), "a was removed elsewhere");
});

Deno.test("Edits.addExample() fills in what is empty", () => {
  const edits = editsOf({ viewer: '["mine"]' });
  const keys = ["viewer", "editor", "constructor"];
  for (const key of keys) edits.addExample(entry(key));
  assert.equal(edits.textOf(entry("viewer")), "mine");
  assert.equal(edits.textOf(entry("editor")), "posts:read, posts:write");
  assert.equal(edits.textOf(entry("constructor")), "constructor:example");
  // No row has a field for an entry of a project that is not there yet.
  edits.addExample({ ...entry("7:Viewer"), like: "viewer" }, true);
  const [added] = edits.list.filter(({ isNew }) => isNew);
  assert.deepEqual([added?.key, added?.text], ["7:Viewer", "mine"]);
});
