import assert from "node:assert/strict";
import {
  FIXTURES_URL,
  readFixture,
} from "../../../harness/fixtures/fixture.ts";
import { parsePayload } from "../../../lib/request/payload.ts";
import { fails } from "../_fails.ts";
import { loginPayload } from "../_function.ts";

type Login = ReturnType<typeof loginPayload>;

const refuses = (payload: unknown, message: RegExp) =>
  assert.throws(
    () => parsePayload(payload),
    fails("invalid_payload", undefined, { message }),
  );

/** The recorded login, with another value at a path. */
function changed(path: string, value: unknown): Login {
  const payload = loginPayload();
  payload.response = {
    append_claims: [{ key: "a" }],
    append_attribute: [{ name: "a" }],
  };
  const keys = path.split(".");
  const last = keys.pop()!;
  keys.reduce((at, key) => at[key], payload)[last] = value;
  if (!path.startsWith("response")) delete payload.response;
  return payload;
}

Deno.test("parsePayload() returns the fields that the function uses, and no others", () => {
  const payload = loginPayload();
  const attribute = { name: "a", value: ["b"], friendly_name: "c" };
  // Whole: the claims so far may have any name, and responses are repeated.
  const whole = {
    userinfo: { sub: "1", custom: { a: [1] } },
    actor: { user_id: "2", actor: null },
    response: { append_attribute: [attribute] },
  };
  const machine = { name: "d" };
  const parsed = parsePayload({
    ...payload,
    ...whole,
    user: { ...payload.user, machine },
    field_of_a_later_release: { a: [1] },
  });
  const [{ project_id, resource_owner, state, roles }] = payload.user_grants;
  assert.deepEqual(parsed, {
    ...whole,
    function: payload.function,
    org: { id: payload.org.id },
    user: { resource_owner: payload.user.resource_owner, machine },
    application: { client_id: payload.application.client_id },
    user_grants: [{ project_id, resource_owner, state, roles }],
  });
});

Deno.test("parsePayload() takes a call when what may be absent is absent or null", () => {
  const optional = [
    ...["user_grants", "user_grants.0.roles", "org", "user", "application"],
    ...["application.client_id", "actor", "user.machine", "response"],
    ...["userinfo", "user.resource_owner"],
  ];
  for (const path of optional) {
    for (const value of [undefined, null]) {
      assert.ok("function" in parsePayload(changed(path, value)), path);
    }
  }
  const claims = [{ key: "a", value: null }];
  for (const append_claims of [undefined, null, claims]) {
    const response = { append_claims, append_attribute: null };
    assert.ok("function" in parsePayload(changed("response", response)));
  }
});

Deno.test("parsePayload() takes an application of another shape for none", () => {
  for (const application of ["web", 1, [], { client_id: 1 }]) {
    const payload = parsePayload({ ...loginPayload(), application });
    assert.ok("function" in payload);
    assert.equal(payload.application?.client_id, undefined);
  }
});

Deno.test("parsePayload() names the field when it has another shape", () => {
  const wrong: [path: string, value: unknown][] = [
    ["function", undefined],
    ["function", 1],
    ["org.id", 1],
    ["org", "1"],
    ["user.resource_owner", {}],
    ["user_grants", {}],
    ["user_grants.0", "admin"],
    ["user_grants.0.roles", "a"],
    ["user_grants.0.roles.1", 1],
    ["user_grants.0.state", "1"],
    ["user_grants.0.state", undefined],
    ["user_grants.0.project_id", undefined],
    ["user_grants.0.resource_owner", undefined],
    ["response.append_claims.0.key", undefined],
    ["response.append_attribute.0.value", "b"],
  ];
  for (const [path, value] of wrong) {
    refuses(changed(path, value), RegExp(`^Unexpected payload at: ${path}$`));
  }
});

Deno.test("parsePayload() refuses what is no object", () => {
  for (
    const value of [null, true, 1, "function", [], [loginPayload()], undefined]
  ) {
    refuses(value, /at: (the root|function)$/);
  }
});

Deno.test("parsePayload() names at most five fields and quotes no value", () => {
  const user_grants = Array(20).fill({ project_id: "canary" });
  const fields = /^(?!.*canary)[^]*: (user_grants[^,]*, ){4}user_grants[^,]*$/;
  refuses({ ...loginPayload(), user_grants }, fields);
});

Deno.test("parsePayload() takes an event for what it is, whatever else it holds", async () => {
  const { request } = await readFixture(
    new URL("events/01_org_metadata_set.json", FIXTURES_URL),
  );
  const payload = JSON.parse(request.body);
  const { aggregateID, event_type, sequence } = payload;
  const event = { aggregateID, event_type, sequence };
  assert.deepEqual(parsePayload(payload), event);
  // With a call's fields that would be wrong in a call.
  assert.deepEqual(parsePayload({ function: 1, ...event }), event);
  refuses({ event_type }, /aggregateID/);
  refuses({ event_type: 1, aggregateID }, /event_type/);
});

Deno.test("parsePayload() takes an event whose sequence is none for one without", () => {
  const sequenceOf = (json: string) => {
    const payload = parsePayload(JSON.parse(
      `{"event_type":"org.metadata.set","aggregateID":"1","sequence":${json}}`,
    ));
    assert.ok("event_type" in payload);
    return payload.sequence;
  };
  for (const sequence of [0, 7, Number.MAX_SAFE_INTEGER]) {
    assert.equal(sequenceOf(String(sequence)), sequence);
  }
  const none = ["-1", "1.5", "9007199254740992", "1e400", '"7"', "null", "{}"];
  for (const json of none) assert.equal(sequenceOf(json), undefined, json);
});
