/**
 * What holds for payloads: whatever a signed body says, it is answered or
 * refused, never a crash, and never permissions that the mapping does not hold.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { createTestFunction } from "../lib/_function.ts";
import {
  anyEdit,
  anyJson,
  anyText,
  editBytes,
  OBJECT_MEMBERS,
} from "./arbitraries.ts";
import { type Property, property } from "./property.ts";
import { createUpstreamOfAll, MAPPING } from "./upstream_of_all.ts";

const GRANTABLE = new Set(Object.values(MAPPING).flat());

const anyRoles = fc.array(
  fc.oneof(
    fc.constantFrom("viewer", "editor", ...OBJECT_MEMBERS),
    anyText,
  ),
  { maxLength: 4 },
);

/** A call as ZITADEL makes it, any part of which may be something else. */
const nearlyCall = fc.record({
  function: fc.oneof(
    fc.constantFrom(
      "function/preaccesstoken",
      "function/preuserinfo",
      "function/presamlresponse",
      "function/other",
    ),
    anyJson,
  ),
  org: fc.oneof(
    fc.record({ id: fc.oneof(fc.constantFrom("1", "2"), anyText) }),
    anyJson,
  ),
  user: fc.oneof(fc.record({ resource_owner: fc.constant("1") }), anyJson),
  user_grants: fc.oneof(
    fc.array(
      fc.oneof(
        {
          weight: 4,
          arbitrary: fc.record({
            project_id: fc.constantFrom("1", "2"),
            resource_owner: fc.constantFrom("1", "2"),
            state: fc.constantFrom(1, 1, 0),
            roles: anyRoles,
          }, { requiredKeys: ["project_id", "resource_owner", "state"] }),
        },
        { weight: 1, arbitrary: anyJson },
      ),
      { maxLength: 3 },
    ),
    anyJson,
  ),
  response: fc.oneof(
    fc.record({
      append_claims: fc.array(
        fc.record({ key: anyText, value: anyJson }),
        { maxLength: 3 },
      ),
    }),
    anyJson,
  ),
  event_type: fc.oneof(fc.constant("org.metadata.set"), anyJson),
  aggregateID: fc.oneof(fc.constant("1"), anyJson),
  userinfo: anyJson,
}, { requiredKeys: [] });

/** A JSON text in which keys can be there twice, and objects can be deep. */
const oddText = fc.oneof(
  fc.tuple(nearlyCall, nearlyCall).map(([first, second]) =>
    `${JSON.stringify(first).slice(0, -1)}${
      Object.keys(first).length && Object.keys(second).length ? "," : ""
    }${JSON.stringify(second).slice(1)}`
  ),
  fc.tuple(
    fc.constantFrom("[", '{"a":', '{"__proto__":', '{"function":'),
    fc.integer({ min: 1, max: 20_000 }),
  ).map(([open, depth]) =>
    `{"function":"function/preaccesstoken","response":{"append_claims":[{"key":"deep","value":${
      open.repeat(depth)
    }1${(open === "[" ? "]" : "}").repeat(depth)}}]}}`
  ),
);

const encoder = new TextEncoder();

async function call(body: Uint8Array<ArrayBuffer>) {
  const { call, log } = await shared;
  log.length = 0;
  const response = await call(body);
  const text = await response.text();
  const detail = () => `${response.status}: ${JSON.stringify(log.at(-1))}`;
  return { status: response.status, text, detail };
}

/** A body is answered, or refused as a bad payload; nothing else becomes of it. */
async function assertHolds(body: Uint8Array<ArrayBuffer>): Promise<void> {
  const { status, text, detail } = await call(body);
  if (status === 400) {
    assert.equal(text, '{"error":"invalid_payload"}');
  } else if (status === 401) {
    // It looked like a JWS, and the instance signed none.
    assert.match(new TextDecoder().decode(body), /^[\w-]+\.[\w-]*\.[\w-]*/);
  } else {
    assert.equal(status, 200, detail());
    const reply = JSON.parse(text);
    const earlier = new Set(earlierStrings(body));
    const claims = [
      ...reply.append_claims ?? [],
      ...reply.append_attribute ?? [],
    ];
    for (const { key, name, value } of claims) {
      if ((key ?? name) !== "permissions") continue;
      for (const permission of value) {
        assert.ok(
          GRANTABLE.has(permission) || earlier.has(JSON.stringify(permission)),
          `grants ${JSON.stringify(permission)}`,
        );
      }
    }
  }
  assert.equal(
    Object.keys(Object.prototype).length,
    0,
    "the prototype of all objects was changed",
  );
}

/** What earlier targets are said to have appended under our claim's name. */
function earlierStrings(body: Uint8Array): string[] {
  const { append_claims, append_attribute } =
    JSON.parse(new TextDecoder().decode(body)).response ?? {};
  return [...append_claims ?? [], ...append_attribute ?? []]
    .filter(({ key, name }) => (key ?? name) === "permissions")
    .flatMap(({ value }) => value)
    .map((value: unknown) => JSON.stringify(value));
}

/** What holds for payloads. */
export const payloadProperties: readonly Property[] = [
  property(
    "createHandler() answers or refuses any signed JSON",
    fc.asyncProperty(
      fc.oneof(nearlyCall, nearlyCall, anyJson),
      (value) => assertHolds(encoder.encode(JSON.stringify(value))),
    ),
    { cost: 2 },
  ),
  property(
    "createHandler() answers or refuses deep and doubled JSON",
    fc.asyncProperty(oddText, (text) => assertHolds(encoder.encode(text))),
    { cost: 20 },
  ),
  property(
    "createHandler() answers or refuses any signed bytes",
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array({ maxLength: 60 }),
        fc.tuple(nearlyCall, anyEdit).map(([value, edit]) =>
          editBytes(encoder.encode(JSON.stringify(value)), edit)
        ),
        fc.array(fc.base64String(), { minLength: 2, maxLength: 6 })
          .map((parts) => encoder.encode(parts.join("."))),
      ),
      (bytes) => assertHolds(Uint8Array.from(bytes)),
    ),
    { cost: 2 },
  ),
];

const shared = createTestFunction({ fetch: createUpstreamOfAll().fetch });
