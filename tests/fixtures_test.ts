import assert from "node:assert/strict";
import { createFixtureFunction } from "../harness/fixture_function.ts";
import {
  findFixtures,
  type Fixture,
  FIXTURES_URL,
  readFixture,
  requestOf,
  signFixture,
} from "../harness/fixtures.ts";
import { UPSTREAM_TOKEN } from "../harness/upstream.ts";
import type { LogEntry } from "../lib/log.ts";

const fixtures = await Promise.all((await findFixtures()).map(readFixture));
const login = await readFixture(
  new URL("calls/human_login.json", FIXTURES_URL),
);

async function run(fixture: Fixture) {
  const log: LogEntry[] = [];
  const { handle, upstream } = await createFixtureFunction(fixture, {
    log: (entry) => void log.push(entry),
  });
  const response = await handle(requestOf(fixture, "http://localhost"));
  const reply = { status: response.status, body: await response.json() };
  return { reply, upstream, log };
}

/** A fixture like another with a body of its own, signed at the fixture's time. */
function withBody(fixture: Fixture, body: unknown): Promise<Fixture> {
  const request = { ...fixture.request, body: JSON.stringify(body) };
  return signFixture(
    { ...fixture, request },
    { now: Date.parse(fixture.clock) },
  );
}

Deno.test("createHandler() answers every fixture as it should", async (t) => {
  for (const fixture of fixtures) {
    await t.step(fixture.name, async () => {
      const { reply, upstream } = await run(fixture);
      assert.deepEqual(reply, fixture.expected);
      assert.deepEqual(upstream.unused(), []);
    });
  }
});

Deno.test("createHandler() asks nothing when a fixture has nothing to look up", async (t) => {
  const idle = fixtures.filter(({ organizations, expected }) =>
    Object.keys(organizations).length === 0 && expected.status < 500
  );
  assert.ok(idle.length > 10);
  for (const fixture of idle) {
    await t.step(fixture.name, async () => {
      const { upstream } = await run(fixture);
      assert.equal(upstream.requests, 0);
    });
  }
});

Deno.test("createHandler() logs an error when the mapping cannot be had", async (t) => {
  const failing = fixtures.filter(({ expected }) => expected.status >= 500);
  assert.ok(failing.length > 5);
  for (const fixture of failing) {
    await t.step(fixture.name, async () => {
      const { log } = await run(fixture);
      const errors = log.filter(({ level }) => level === "error");
      assert.equal(errors.length, 1);
      assert.ok(errors[0]?.remedy);
    });
  }
});

Deno.test("createHandler() logs the key of a value that cannot be read", async (t) => {
  const unreadable = [
    "binary",
    "broken",
    "empty",
    "mixed_array",
    "names_with_spaces",
    "nested",
    "numbers",
    "object",
    "quoted_names",
  ];
  const values = fixtures.filter(({ name }) => name.startsWith("values/"));
  for (const fixture of values) {
    await t.step(fixture.name, async () => {
      const { log } = await run(fixture);
      const [metadata] = Object.values(fixture.organizations);
      const [key] = Object.keys(metadata?.metadata ?? {});
      assert.ok(key);
      const reported = log.some((entry) =>
        Object.values(entry).some((value) => String(value).includes(key))
      );
      assert.equal(
        reported,
        unreadable.includes(fixture.name.replace("values/", "")),
        JSON.stringify(log),
      );
    });
  }
});

Deno.test("createHandler() logs nothing personal and no secret", async (t) => {
  for (const fixture of fixtures) {
    await t.step(fixture.name, async () => {
      const { log } = await run(fixture);
      const text = JSON.stringify(log);
      for (const secret of [...personalData(fixture), ...secrets(fixture)]) {
        assert.ok(!text.includes(secret), `${secret} is in ${text}`);
      }
    });
  }
});

Deno.test("createHandler() answers when a user's metadata makes a body of 3.3 MB", async () => {
  const body = JSON.parse(login.request.body);
  const value = "x".repeat(490_000);
  body.user_metadata = Array.from({ length: 5 }, (_, i) => ({
    key: `large-${i}`,
    value: btoa(value),
  }));
  const fixture = await withBody(login, body);
  assert.ok(fixture.request.body.length > 3_200_000);
  const { reply } = await run(fixture);
  assert.deepEqual(reply, fixture.expected);
});

Deno.test("createHandler() reads every page when an organization has 2,500 keys", async (t) => {
  const [organization] = Object.keys(login.organizations);
  assert.ok(organization);
  const metadata = Object.fromEntries(
    Array.from(
      { length: 2_500 },
      (_, i) => [`role-${i}`, btoa(JSON.stringify([`permission-${i}`]))],
    ),
  );
  const body = JSON.parse(login.request.body);
  body.user_grants[0].roles = ["role-0", "role-999", "role-1000", "role-2499"];
  for (const api of ["v2", "v2beta", "management_v1"] as const) {
    await t.step(api, async () => {
      const { reply } = await run({
        ...await withBody(login, body),
        api,
        organizations: { [organization]: { readable: true, metadata } },
      });
      assert.deepEqual(reply.body, {
        append_claims: [{
          key: "permissions",
          value: [
            "permission-0",
            "permission-999",
            "permission-1000",
            "permission-2499",
          ],
        }],
      });
    });
  }
});

/** What a payload says about a person. */
function personalData({ request }: Fixture): string[] {
  let user: Record<string, unknown>;
  try {
    user = JSON.parse(request.body).user ?? {};
  } catch {
    return [];
  }
  const { human } = user as { human?: Record<string, unknown> };
  return [
    user.id,
    user.username,
    human?.email,
    human?.first_name,
    human?.last_name,
  ].filter((value): value is string => typeof value === "string");
}

function secrets({ signing_key, request, settings }: Fixture): string[] {
  const signature = request.headers["zitadel-signature"]?.split("v1=")[1];
  return [
    UPSTREAM_TOKEN,
    signing_key,
    signature,
    settings?.ACCESS_TOKEN,
    settings?.PAYLOAD_PRIVATE_KEY,
  ].filter((value) => value !== undefined);
}
