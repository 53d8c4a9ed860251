import assert from "node:assert/strict";
import {
  FIXTURES_URL,
  readFixture,
} from "../../../harness/fixtures/fixture.ts";
import { FunctionError } from "../../../lib/errors.ts";
import { compileChecks, parsePayload } from "../../../lib/request/payload.ts";
import { testEach } from "../../_test_each.ts";
import { fails } from "../_fails.ts";
import { loginPayload } from "../_function.ts";

type Login = ReturnType<typeof loginPayload>;
type Change = (payload: Login) => void;

const refuses = (payload: unknown, message: RegExp) =>
  assert.throws(
    () => parsePayload(payload),
    fails("invalid_payload", undefined, { message }),
  );

function changed(change: Change): Login {
  const payload = loginPayload();
  change(payload);
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

testEach<Change>(
  "parsePayload() takes a call when what may be absent is absent or null",
  {
    "user_grants absent": (payload) => delete payload.user_grants,
    "user_grants null": (payload) => payload.user_grants = null,
    "roles absent": (payload) => delete payload.user_grants[0].roles,
    "roles null": (payload) => payload.user_grants[0].roles = null,
    "org absent": (payload) => delete payload.org,
    "user absent": (payload) => delete payload.user,
    "application absent": (payload) => delete payload.application,
    "application null": (payload) => payload.application = null,
    "client_id absent": (payload) => payload.application = {},
    "client_id null": (payload) => payload.application.client_id = null,
    "actor null": (payload) => payload.actor = null,
    "machine null": (payload) => payload.user.machine = null,
    "response null": (payload) => payload.response = null,
    "response empty": (payload) => payload.response = {},
    "append_claims null": (payload) =>
      payload.response = { append_claims: null, append_attribute: null },
    "a claim of nothing": (payload) =>
      payload.response = { append_claims: [{ key: "a", value: null }] },
  },
  (change) => assert.ok("function" in parsePayload(changed(change))),
);

Deno.test("parsePayload() takes an application of another shape for none", () => {
  for (const application of ["web", 1, [], { client_id: 1 }]) {
    const payload = parsePayload({ ...loginPayload(), application });
    assert.ok("function" in payload);
    assert.equal(payload.application?.client_id, undefined);
  }
});

testEach<[path: string, Change]>(
  "parsePayload() names the field when it has another shape",
  {
    "no function": ["function", (payload) => delete payload.function],
    "a function of another type": ["function", (it) => it.function = 1],
    "an id": ["org.id", (payload) => payload.org.id = 1],
    "an organization": ["org", (payload) => payload.org = "1"],
    "an owner": [
      "user.resource_owner",
      (payload) => payload.user.resource_owner = {},
    ],
    "grants": ["user_grants", (payload) => payload.user_grants = {}],
    "a grant": ["user_grants.0", (it) => it.user_grants[0] = "admin"],
    "roles": [
      "user_grants.0.roles",
      (payload) => payload.user_grants[0].roles = "a",
    ],
    "a role": [
      "user_grants.0.roles.1",
      (payload) => payload.user_grants[0].roles[1] = 1,
    ],
    "a state": [
      "user_grants.0.state",
      (payload) => payload.user_grants[0].state = "1",
    ],
    "no state": [
      "user_grants.0.state",
      (payload) => delete payload.user_grants[0].state,
    ],
    "no project": [
      "user_grants.0.project_id",
      (payload) => delete payload.user_grants[0].project_id,
    ],
    "no granting organization": [
      "user_grants.0.resource_owner",
      (payload) => delete payload.user_grants[0].resource_owner,
    ],
    "a claim without a name": [
      "response.append_claims.0.key",
      (payload) => payload.response = { append_claims: [{ value: 1 }] },
    ],
    "an attribute's value": [
      "response.append_attribute.0.value",
      (payload) =>
        payload.response = { append_attribute: [{ name: "a", value: "b" }] },
    ],
  },
  ([path, change]) =>
    refuses(changed(change), RegExp(`^Unexpected payload at: ${path}$`)),
);

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

// The last test: from here on, the check is the compiled one.
Deno.test("compileChecks() changes no verdict", () => {
  const values = [null, [], "", {}, { function: 1 }, ...changedLogins()];
  const verdicts = () =>
    values.map((value) => {
      try {
        return parsePayload(structuredClone(value));
      } catch (error) {
        assert.ok(error instanceof FunctionError);
        return error.message;
      }
    });
  const before = verdicts();
  compileChecks();
  assert.deepEqual(verdicts(), before);
});

/** The login, and each of its fields replaced by values of other types. */
function* changedLogins(): Generator<unknown> {
  yield loginPayload();
  const pending: string[][] = [[]];
  for (let path; (path = pending.pop());) {
    const at = (root: Login, keys: string[]) =>
      keys.reduce((value, key) => value[key], root);
    for (const key of Object.keys(at(loginPayload(), path) ?? {})) {
      if (typeof at(loginPayload(), path) !== "object") continue;
      pending.push([...path, key]);
      for (const replaced of [undefined, null, 1, "", [], {}, [1], [null]]) {
        const payload = loginPayload();
        at(payload, path)[key] = replaced;
        yield payload;
      }
    }
  }
}
