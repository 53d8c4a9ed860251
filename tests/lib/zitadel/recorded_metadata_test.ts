import assert from "node:assert/strict";
import { fromBinary } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { createClientFor } from "@zitadel/client";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import {
  ListOrganizationMetadataRequestSchema,
  OrganizationService,
} from "@zitadel/proto/zitadel/org/v2beta/org_service_pb";
import { readAllFixtures } from "../../../harness/fixtures/fixture_files.ts";
import { settingsOf } from "../../../harness/fixtures/fixture_function.ts";
import {
  type Fixture,
  FIXTURES_URL,
  readFixture,
  requestOf,
} from "../../../harness/fixtures/fixture.ts";
import {
  createRecordedUpstream,
  readRecordedExchange,
  type RecordedExchange,
} from "./_recorded_upstream.ts";
import { createUpstream } from "../../../harness/sandbox/upstream.ts";
import { readConfig } from "../../../lib/config/settings.ts";
import type { ErrorCode } from "../../../lib/errors.ts";
import { createFunction } from "../../../harness/function/create_function.ts";
import type { Log, LogEntry } from "../../../lib/observability/log.ts";
import { clientTransport } from "../../_client_transport.ts";

const RECORDED = new URL("recorded/", FIXTURES_URL);
const FOLDERS = ["metadata/", "older/v3.4.9/", "older/v4.6.5/"];
const GRPC_WEB = /grpc_web.*\.json$/;
/** The flags and the length before a gRPC-web message. */
const FRAME_HEADER_BYTES = 5;
const ORGANIZATION_HEADER = "x-zitadel-orgid";

const exchanges = new Map<string, RecordedExchange>();
for (const folder of FOLDERS) {
  for await (const { name } of Deno.readDir(new URL(folder, RECORDED))) {
    if (!GRPC_WEB.test(name)) continue;
    exchanges.set(
      folder + name.replace(".json", ""),
      await readRecordedExchange(new URL(folder + name, RECORDED)),
    );
  }
}

const get = (name: string): RecordedExchange => {
  const exchange = exchanges.get(name);
  assert.ok(exchange, `${name} is not recorded`);
  return exchange;
};

Deno.test("recorded gRPC-web answers are to the client what they were when recorded", async (t) => {
  assert.equal(exchanges.size, 18);
  for (const [name, exchange] of exchanges) {
    await t.step(name, async () => {
      const upstream = createRecordedUpstream([exchange]);
      assert.deepEqual(
        await look(exchange, upstream.fetch),
        exchange.client_saw,
      );
      assert.deepEqual(upstream.unused(), []);
      const [call] = upstream.calls;
      assert.equal(call?.body.toBase64(), exchange.request.body_base64);
    });
  }
});

/** What the function must make of a release's recorded answers to one look-up. */
const LOOKUPS: {
  name: string;
  answers: string[];
  expected: string[] | ErrorCode;
  reason?: string;
}[] = [
  { name: "main", answers: ["metadata/v2_grpc_web"], expected: ["read:all"] },
  {
    name: "main, wrong token",
    answers: ["metadata/v2_grpc_web_bad_token"],
    expected: "upstream_failed",
    reason: "credential_rejected",
  },
  {
    name: "main, no permission",
    answers: ["metadata/v2_grpc_web_no_permission"],
    expected: "upstream_failed",
    reason: "missing_permission",
  },
  {
    name: "v4.6.5",
    answers: [
      "older/v4.6.5/metadata_v2_grpc_web",
      "older/v4.6.5/metadata_v2beta_grpc_web",
    ],
    expected: ["read:all"],
  },
  {
    name: "v4.6.5, wrong token",
    answers: [
      "older/v4.6.5/metadata_v2_grpc_web_bad_token",
      "older/v4.6.5/metadata_v2beta_grpc_web_bad_token",
    ],
    expected: "upstream_failed",
    reason: "credential_rejected",
  },
  {
    name: "v4.6.5, no permission",
    answers: [
      "older/v4.6.5/metadata_v2_grpc_web_no_permission",
      "older/v4.6.5/metadata_v2beta_grpc_web_no_permission",
    ],
    expected: "upstream_failed",
    reason: "missing_permission",
  },
  ...([
    ["", ["read:all"]],
    ["_viewer", ["read:all"]],
    ["_empty", []],
    ["_bad_token", "upstream_failed", "credential_rejected"],
    ["_no_permission", "upstream_failed", "missing_permission"],
    ["_other_organization", "upstream_failed", "missing_permission"],
    ["_unknown_organization", "upstream_failed", "missing_permission"],
  ] as const).map(([suffix, expected, reason]) => ({
    name: `v3.4.9${suffix.replaceAll("_", " ")}`,
    answers: [
      "older/v3.4.9/metadata_v2_grpc_web",
      "older/v3.4.9/metadata_v2beta_grpc_web",
      `older/v3.4.9/metadata_v1_grpc_web${suffix}`,
    ],
    expected: typeof expected === "string" ? expected : [...expected],
    ...reason ? { reason } : {},
  })),
];

Deno.test("createHandler() replies from recorded gRPC-web answers", async (t) => {
  const login = await readFixture(
    new URL("calls/human_login.json", FIXTURES_URL),
  );
  const used = new Set<string>();
  for (const { name, answers, expected, reason } of LOOKUPS) {
    await t.step(name, async () => {
      const recorded = answers.map(get);
      // Whether an organization is readable was recorded by REST only.
      const organization = organizationOf(recorded.at(-1)!);
      const readable = typeof expected !== "string";
      const { fetch } = createUpstream({
        organizations: { [organization]: { readable, metadata: {} } },
      });
      const upstream = createRecordedUpstream(recorded, fetch);
      const log: LogEntry[] = [];
      const response = await answer(
        login,
        organization,
        { fetch: upstream.fetch, log: (entry) => void log.push(entry) },
      );
      assert.deepEqual(upstream.unused(), []);
      answers.forEach((answer) => used.add(answer));
      const body = await response.json();
      if (typeof expected === "string") {
        assert.equal(response.status, 502);
        assert.deepEqual(body, { error: expected });
        assert.ok(
          log.some((entry) =>
            entry.level === "error" && entry.reason === reason
          ),
          `${reason} is not in ${JSON.stringify(log)}`,
        );
      } else {
        assert.equal(response.status, 200);
        assert.deepEqual(body, {
          append_claims: [{ key: "permissions", value: expected }],
        });
      }
    });
  }
  assert.deepEqual([...exchanges.keys()].filter((key) => !used.has(key)), []);
});

Deno.test("recorded fixtures hold their organizations' recorded metadata", async () => {
  const recorded = new Map<string, Record<string, string>>();
  for (const name of ["v2_rest", "v2_odd_values"]) {
    const { request, response } = JSON.parse(
      await Deno.readTextFile(new URL(`metadata/${name}.json`, RECORDED)),
    );
    const { metadata } = JSON.parse(response.body) as {
      metadata: { key: string; value: string }[];
    };
    recorded.set(
      request.path.split("/")[3],
      Object.fromEntries(metadata.map(({ key, value }) => [key, value])),
    );
  }
  const compared = new Set<string>();
  for (const { fixture } of await readAllFixtures()) {
    const { name, source, organizations } = fixture;
    if (source.startsWith("made")) continue;
    for (const [id, { metadata }] of Object.entries(organizations)) {
      if (!recorded.has(id)) continue;
      assert.deepEqual(metadata, recorded.get(id), name);
      compared.add(id);
    }
  }
  assert.equal(compared.size, 2);
});

/** Makes the recorded call, and returns the result in the recording's form. */
async function look(
  exchange: RecordedExchange,
  fetch: typeof globalThis.fetch,
): Promise<RecordedExchange["client_saw"]> {
  try {
    const { entries, totalResult } = await call(exchange, fetch);
    const decoder = new TextDecoder();
    return {
      metadata: entries.map(({ key, value }) => [key, decoder.decode(value)]),
      totalResult: String(totalResult),
    };
  } catch (error) {
    assert.ok(error instanceof ConnectError);
    return { error: String(error), code: error.code };
  }
}

async function call(
  exchange: RecordedExchange,
  fetch: typeof globalThis.fetch,
) {
  const { path, headers } = exchange.request;
  const organizationId = organizationOf(exchange);
  // The package describes the call in v2beta only; v2 has the same bytes.
  const transport = clientTransport(
    (input, init) =>
      fetch(
        path.startsWith("/zitadel.org.v2.")
          ? String(input).replace(".v2beta.", ".v2.")
          : input,
        init,
      ),
    "token",
  );
  if (headers[ORGANIZATION_HEADER]) {
    const { result, details } = await createClientFor(ManagementService)(
      transport,
    ).listOrgMetadata(
      { query: { limit: 1_000 } },
      { headers: { [ORGANIZATION_HEADER]: organizationId } },
    );
    return { entries: result, totalResult: details?.totalResult ?? 0n };
  }
  const { metadata, pagination } = await createClientFor(OrganizationService)(
    transport,
  ).listOrganizationMetadata({ organizationId });
  return { entries: metadata, totalResult: pagination?.totalResult ?? 0n };
}

/** The organization that a recorded call asks for. */
function organizationOf({ request }: RecordedExchange): string {
  const header = request.headers[ORGANIZATION_HEADER];
  if (header) return header;
  const message = Uint8Array.fromBase64(request.body_base64)
    .subarray(FRAME_HEADER_BYTES);
  return fromBinary(ListOrganizationMetadataRequestSchema, message)
    .organizationId;
}

/** Sends a recorded call through a function that reads one organization for all users. */
async function answer(
  fixture: Fixture,
  organization: string,
  { fetch, log }: { fetch: typeof globalThis.fetch; log: Log },
): Promise<Response> {
  const config = readConfig({
    ...settingsOf(fixture),
    METADATA_ORGANIZATION: organization,
  });
  const now = () => Date.parse(fixture.clock);
  const handle = await createFunction(config, { fetch, now, log });
  return await handle(requestOf(fixture, "http://localhost"));
}
