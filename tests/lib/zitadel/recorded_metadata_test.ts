/**
 * Answers that were recorded from real releases, replayed byte for byte.
 *
 * @module
 */
import assert from "node:assert/strict";
import { FIXTURES_URL } from "../../../harness/fixtures/fixture.ts";
import { createUpstream } from "../../../harness/sandbox/upstream.ts";
import type { FailureReason } from "../../../lib/errors.ts";
import { testEach } from "../../_test_each.ts";
import { createTestFunction, loginPayload } from "../_function.ts";

const RECORDED = new URL("recorded/", FIXTURES_URL);
const ORGANIZATION_HEADER = "x-zitadel-orgid";

async function readExchange(name: string) {
  const file = new URL(`${name}.json`, RECORDED);
  const { request, response } = JSON.parse(await Deno.readTextFile(file));
  const { path, headers, body_base64 } = request;
  // In the message, if there is no header.
  const organization: string = headers[ORGANIZATION_HEADER] ??
    /\d{18}/.exec(atob(body_base64))![0];
  const body = Uint8Array.fromBase64(response.body_base64);
  return {
    organization,
    /** Whether a request is as the recorded one. */
    isOf: (request: Request) =>
      path === new URL(request.url).pathname &&
      (headers[ORGANIZATION_HEADER] ?? null) ===
        request.headers.get(ORGANIZATION_HEADER),
    answer: () => new Response(body, response),
  };
}

/** What the function must make of a release's recorded answers to one look-up. */
type Lookup = readonly [
  answers: readonly string[],
  expected: readonly string[] | FailureReason,
];

/** A look-up that worked, one with a wrong token and one without permission. */
function lookups(release: string, ...answers: string[]): [string, Lookup][] {
  return ([
    ["", ["read:all"]],
    ["_bad_token", "credential_rejected"],
    ["_no_permission", "missing_permission"],
  ] as const).map(([suffix, expected]) => [
    release + suffix.replaceAll("_", " "),
    [answers.map((name) => name + suffix), expected],
  ]);
}

const V1_FIRST = ["v2", "v2beta"].map((api) =>
  `older/v3.4.9/metadata_${api}_grpc_web`
);
const LOOKUPS: Record<string, Lookup> = Object.fromEntries([
  ...lookups("main", "metadata/v2_grpc_web"),
  ...lookups(
    "v4.6.5",
    "older/v4.6.5/metadata_v2_grpc_web",
    "older/v4.6.5/metadata_v2beta_grpc_web",
  ),
  ...([
    ["", ["read:all"]],
    ["_viewer", ["read:all"]],
    ["_empty", []],
    ["_bad_token", "credential_rejected"],
    ["_no_permission", "missing_permission"],
    ["_other_organization", "missing_permission"],
    ["_unknown_organization", "missing_permission"],
  ] as const).map(([suffix, expected]): [string, Lookup] => [
    `v3.4.9${suffix.replaceAll("_", " ")}`,
    [[...V1_FIRST, `older/v3.4.9/metadata_v1_grpc_web${suffix}`], expected],
  ]),
]);

testEach(
  "createHandler() replies from recorded gRPC-web answers",
  LOOKUPS,
  async ([answers, expected]) => {
    const exchanges = await Promise.all(answers.map(readExchange));
    const unused = new Set(exchanges);
    const { organization } = exchanges.at(-1)!;
    // Whether an organization is readable was recorded by REST only.
    const readable = typeof expected !== "string";
    const { fetch: otherwise } = createUpstream({
      organizations: { [organization]: { readable, metadata: {} } },
    });
    const { call, log } = await createTestFunction({
      settings: { METADATA_ORGANIZATION: organization },
      fetch: (input, init) => {
        const request = new Request(input, init);
        const exchange = exchanges.find(({ isOf }) => isOf(request));
        if (!exchange) return otherwise(request);
        unused.delete(exchange);
        return Promise.resolve(exchange.answer());
      },
    });
    const response = await call(loginPayload());
    const { error, append_claims } = await response.json();
    assert.deepEqual([...unused], []);
    if (typeof expected === "string") {
      assert.deepEqual([response.status, error], [502, "upstream_failed"]);
      const failed = log.find(({ level }) => level === "error");
      assert.equal(failed?.reason, expected);
    } else {
      const claim = { key: "permissions", value: expected };
      assert.deepEqual(append_claims, [claim]);
    }
  },
);

Deno.test("every recorded gRPC-web answer is replied from", async () => {
  const used = new Set(Object.values(LOOKUPS).flatMap(([answers]) => answers));
  const recorded: string[] = [];
  for (const folder of ["metadata/", "older/v3.4.9/", "older/v4.6.5/"]) {
    for await (const { name } of Deno.readDir(new URL(folder, RECORDED))) {
      if (/grpc_web.*\.json$/.test(name)) recorded.push(folder + name);
    }
  }
  assert.deepEqual(
    recorded.sort(),
    [...used].map((name) => `${name}.json`).sort(),
  );
});
