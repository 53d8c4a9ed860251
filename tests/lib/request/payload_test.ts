import assert from "node:assert/strict";
import {
  FIXTURES_URL,
  readFixture,
} from "../../../harness/fixtures/fixture.ts";
import { FunctionError } from "../../../lib/errors.ts";
import { compileChecks, parsePayload } from "../../../lib/request/payload.ts";

const { request } = await readFixture(
  new URL("calls/human_login.json", FIXTURES_URL),
);
// deno-lint-ignore no-explicit-any -- a payload is changed at will
const login = (): any => JSON.parse(request.body);

function messageOf(payload: unknown): string {
  let message = "";
  assert.throws(() => parsePayload(payload), (error) => {
    assert.ok(error instanceof FunctionError);
    assert.equal(error.code, "invalid_payload");
    message = error.message;
    return true;
  });
  return message;
}

Deno.test("parsePayload() returns the fields that the function uses, and no others", () => {
  const payload = login();
  const attribute = { name: "a", value: ["b"], friendly_name: "c" };
  const parsed = parsePayload({
    ...payload,
    userinfo: { sub: "1", custom: { a: [1] } },
    user: { ...payload.user, machine: { name: "d" } },
    actor: { user_id: "2", actor: null },
    response: { append_attribute: [attribute] },
    field_of_a_later_release: { a: [1] },
  });
  const [{ project_id, resource_owner, state, roles }] = payload.user_grants;
  assert.deepEqual(parsed, {
    function: payload.function,
    // Whole: the claims so far may have any name.
    userinfo: { sub: "1", custom: { a: [1] } },
    org: { id: payload.org.id },
    user: {
      resource_owner: payload.user.resource_owner,
      machine: { name: "d" },
    },
    application: { client_id: payload.application.client_id },
    actor: { user_id: "2", actor: null },
    user_grants: [{ project_id, resource_owner, state, roles }],
    // Whole: they are repeated in the reply.
    response: { append_attribute: [attribute] },
  });
});

Deno.test("parsePayload() takes a call when what may be absent is absent or null", async (t) => {
  const absent: Record<string, (payload: ReturnType<typeof login>) => void> = {
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
  };
  for (const [name, change] of Object.entries(absent)) {
    await t.step(name, () => {
      const payload = login();
      change(payload);
      const parsed = parsePayload(payload);
      assert.ok("function" in parsed);
    });
  }
});

Deno.test("parsePayload() takes an application of another shape for none", () => {
  for (const application of ["web", 1, [], { client_id: 1 }]) {
    const payload = parsePayload({ ...login(), application });
    assert.ok("function" in payload);
    assert.equal(payload.application?.client_id, undefined);
  }
});

Deno.test("parsePayload() names the fields when they have another shape", async (t) => {
  const wrong: [string, (payload: ReturnType<typeof login>) => void][] = [
    ["function", (payload) => payload.function = 1],
    ["function", (payload) => delete payload.function],
    ["org.id", (payload) => payload.org.id = 1],
    ["org", (payload) => payload.org = "1"],
    ["user.resource_owner", (payload) => payload.user.resource_owner = {}],
    ["user_grants", (payload) => payload.user_grants = {}],
    ["user_grants.0", (payload) => payload.user_grants[0] = "admin"],
    ["user_grants.0.roles", (payload) => payload.user_grants[0].roles = "a"],
    ["user_grants.0.roles.1", (payload) => payload.user_grants[0].roles[1] = 1],
    ["user_grants.0.state", (payload) => payload.user_grants[0].state = "1"],
    ["user_grants.0.state", (payload) => delete payload.user_grants[0].state],
    [
      "user_grants.0.project_id",
      (payload) => delete payload.user_grants[0].project_id,
    ],
    [
      "user_grants.0.resource_owner",
      (payload) => delete payload.user_grants[0].resource_owner,
    ],
    [
      "response.append_claims.0.key",
      (payload) => payload.response = { append_claims: [{ value: 1 }] },
    ],
    [
      "response.append_attribute.0.value",
      (payload) =>
        payload.response = { append_attribute: [{ name: "a", value: "b" }] },
    ],
  ];
  for (const [path, change] of wrong) {
    await t.step(path, () => {
      const payload = login();
      change(payload);
      assert.equal(
        messageOf(payload),
        `Unexpected payload at: ${path}`,
      );
    });
  }
});

Deno.test("parsePayload() refuses what is no object", () => {
  for (const value of [null, true, 1, "function", [], [login()], undefined]) {
    assert.match(messageOf(value), /at: (the root|function)$/);
  }
});

Deno.test("parsePayload() names at most five fields and quotes no value", () => {
  const payload = login();
  payload.user_grants = Array(20).fill({ project_id: "canary" });
  const message = messageOf(payload);
  assert.equal(message.match(/user_grants/g)?.length, 5);
  assert.ok(!message.includes("canary"));
});

Deno.test("parsePayload() takes an event for what it is, whatever else it holds", async () => {
  const event = await readFixture(
    new URL("events/01_org_metadata_set.json", FIXTURES_URL),
  );
  const payload = JSON.parse(event.request.body);
  const { aggregateID, event_type, sequence } = payload;
  assert.deepEqual(parsePayload(payload), {
    aggregateID,
    event_type,
    sequence,
  });
  // With a call's fields that would be wrong in a call.
  const both = { function: 1, aggregateID, event_type };
  assert.deepEqual(parsePayload(both), { aggregateID, event_type });
  assert.match(messageOf({ event_type }), /aggregateID/);
  assert.match(messageOf({ event_type: 1, aggregateID }), /event_type/);
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
  for (
    const json of [
      "-1",
      "1.5",
      "9007199254740992",
      "1e400",
      '"7"',
      "null",
      "{}",
    ]
  ) {
    assert.equal(sequenceOf(json), undefined, json);
  }
});

// The last test: from here on, the check is the compiled one.
Deno.test("compileChecks() changes no verdict", () => {
  const values: unknown[] = [null, [], "", {}, { function: 1 }, login()];
  for (const { path, replaced } of changedLogins()) {
    const payload = login();
    const key = path.pop()!;
    // deno-lint-ignore no-explicit-any -- a payload is changed at will
    const parent = path.reduce((at: any, step) => at[step], payload);
    parent[key] = replaced;
    values.push(payload);
  }
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

/** Every field of the login, replaced by values of other types. */
function* changedLogins(): Generator<
  { path: (string | number)[]; replaced: unknown }
> {
  const pending: (string | number)[][] = [[]];
  for (let path; (path = pending.pop());) {
    // deno-lint-ignore no-explicit-any -- a payload is walked at will
    const value = path.reduce((at: any, step) => at[step], login());
    if (typeof value === "object" && value) {
      for (const key of Object.keys(value)) {
        pending.push([...path, Array.isArray(value) ? Number(key) : key]);
      }
    }
    if (path.length === 0) continue;
    for (const replaced of [undefined, null, 1, "", [], {}, [1], [null]]) {
      yield { path: [...path], replaced };
    }
  }
}
