import assert from "node:assert/strict";
import { kvKeys } from "../../../lib/mapping/kv_schema.ts";

Deno.test("kvKeys() keeps the keys that earlier versions of this format wrote, apart by kind and instance", () => {
  const origin = "https://example.zitadel.cloud";
  const keys = kvKeys(origin);
  assert.deepEqual(keys.mapping("1"), ["role_permissions", 3, origin, "1"]);
  assert.deepEqual(keys.chunk("1", 2), ["role_permissions", 3, origin, "1", 2]);
  assert.deepEqual(keys.sequence("1"), [
    "role_permissions_sequence",
    3,
    origin,
    "1",
  ]);
  assert.deepEqual(keys.invalidations, [
    "role_permissions_invalidations",
    3,
    origin,
  ]);
});
