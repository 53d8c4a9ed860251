import assert from "node:assert/strict";
import { compareRoles } from "../../../harness/roles/compare_roles.ts";
import { measureClaim } from "../../../harness/roles/claim_size.ts";
import { exportRoles } from "../../../harness/roles/export_roles.ts";
import {
  planMapping,
  planMappingRemoval,
} from "../../../harness/roles/plan_mapping.ts";
import { parseRoles } from "../../../harness/mapping/parse_roles.ts";

const parseMapping = (text: string) => parseRoles(text).mapping;

const metadata = (entries: Record<string, string>) =>
  Object.entries(entries).map(([key, value]) => ({
    key,
    value: new TextEncoder().encode(value),
  }));

const STORED = metadata({
  admin: '["a"]',
  viewer: '["v"]',
  "42:viewer": btoa('["w"]'),
  editor: "e:read,e:write",
  logo: "two words",
});

Deno.test("planMapping() names what it keeps that is not in the file", () => {
  const mapping = parseMapping('{"admin": ["a", "b"]}');
  assert.deepEqual(planMapping(STORED, mapping, { prune: false }), {
    set: [{ key: "admin", from: '["a"]', to: '["a","b"]' }],
    removed: [],
    notes: [
      "kept, not in the file (--prune removes them): 42:viewer, viewer",
      "kept, not in the file: plain text that the function reads, but that may be no mapping: editor",
    ],
  });
});

Deno.test("planMapping() with prune removes lists of permissions and nothing else, and names the plain entries that this uncovers", () => {
  const mapping = parseMapping('{"admin": ["a"], "viewer": ["v"]}');
  const { set, removed, notes } = planMapping(STORED, mapping, { prune: true });
  assert.deepEqual(set, []);
  assert.deepEqual(removed.map(({ key }) => key), ["42:viewer"]);
  assert.deepEqual(notes.slice(1), [
    "without 42:viewer, the plain entry viewer applies in that project",
  ]);
});

Deno.test("planMappingRemoval() keeps entries that differ from the file, and names them", () => {
  const mapping = parseMapping('{"admin": ["a"], "viewer": ["other"]}');
  const { removed, notes } = planMappingRemoval(STORED, mapping);
  assert.deepEqual(removed.map(({ key }) => key), ["admin"]);
  assert.deepEqual(notes, ["kept, differs from the file: viewer"]);
});

Deno.test("exportRoles() writes a file that changes nothing, and names what it skips", () => {
  const stored = [
    ...STORED,
    ...metadata({
      "77": '["a role called as a project"]',
      "77:ops": '["o"]',
      "shop:admin": '["s"]',
    }),
    { key: "__proto__", value: new TextEncoder().encode('["p"]') },
  ];
  const { text, skipped } = exportRoles(stored);
  assert.deepEqual(skipped.map(({ key }) => key), ["logo"]);
  const { set, removed, notes } = planMapping(stored, parseMapping(text), {
    prune: true,
  });
  assert.deepEqual({ set, removed, notes }, {
    set: [],
    removed: [],
    notes: [],
  });
  assert.equal(exportRoles([]).text, "{}\n");
});

Deno.test("compareRoles() tells which roles gain and lose what", () => {
  const from = parseMapping(
    '{"a": ["1", "2"], "b": ["1"], "4": {"b": ["9"]}, "same": ["1"]}',
  );
  const to = parseMapping(
    '{"a": ["2", "3"], "b": ["1"], "c": [], "same": ["1"]}',
  );
  assert.deepEqual(compareRoles(from, to), [
    { key: "4:b", kind: "removed", gains: ["1"], loses: ["9"], uncovers: "b" },
    { key: "a", kind: "changed", gains: ["3"], loses: ["1"] },
    { key: "c", kind: "added", gains: [], loses: [] },
  ]);
});

Deno.test("measureClaim() counts a permission of several roles once for a user of all", () => {
  const sizes = measureClaim(
    parseMapping('{"a": ["1234"], "b": ["1234", "5"]}'),
  );
  // "1234" with its quotes is 6 bytes: 8 in base64. With ,"5" it is 10: 14.
  assert.deepEqual(sizes, {
    roles: [{ key: "b", bytes: 14 }, { key: "a", bytes: 8 }],
    largest: 14,
    permissions: 2,
  });
});
