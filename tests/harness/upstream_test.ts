import assert from "node:assert/strict";
import { Code, ConnectError } from "@connectrpc/connect";
import { createClientFor } from "@zitadel/client";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { OrganizationService as OrganizationServiceV2 } from "@zitadel/proto/zitadel/org/v2/org_service_pb";
import { OrganizationService } from "@zitadel/proto/zitadel/org/v2beta/org_service_pb";
import {
  createUpstream,
  type Upstream,
  UPSTREAM_ORIGIN,
  UPSTREAM_TOKEN,
} from "../../harness/upstream.ts";
import { clientTransport } from "../_client_transport.ts";

const organizations = {
  "1": {
    readable: true,
    metadata: Object.fromEntries(
      Array.from({ length: 250 }, (_, i) => [`role-${i}`, "W10="]),
    ),
  },
  "2": { readable: false, metadata: { viewer: "W10=" } },
};

function transport({ fetch }: Upstream, token = UPSTREAM_TOKEN) {
  return clientTransport(fetch, token);
}

function v2beta(upstream: Upstream, token?: string) {
  return createClientFor(OrganizationService)(transport(upstream, token));
}

function hasCode(code: Code) {
  return (error: unknown) => {
    assert.ok(error instanceof ConnectError);
    assert.equal(error.code, code);
    return true;
  };
}

Deno.test("createUpstream() gives pages of 100 by default and of 1,000 at most", async () => {
  const client = v2beta(createUpstream({ organizations }));
  const first = await client.listOrganizationMetadata({ organizationId: "1" });
  assert.equal(first.metadata.length, 100);
  assert.equal(first.pagination?.totalResult, 250n);
  const last = await client.listOrganizationMetadata({
    organizationId: "1",
    pagination: { offset: 200n, limit: 1_000 },
  });
  assert.deepEqual(
    last.metadata.map(({ key }) => key),
    Object.keys(organizations["1"].metadata).slice(200),
  );
  await assert.rejects(
    client.listOrganizationMetadata({
      organizationId: "1",
      pagination: { limit: 1_001 },
    }),
    hasCode(Code.InvalidArgument),
  );
});

Deno.test("createUpstream() answers with an empty list when the caller may not read", async () => {
  const upstream = createUpstream({ organizations });
  for (const organizationId of ["2", "3"]) {
    const answer = await v2beta(upstream).listOrganizationMetadata({
      organizationId,
    });
    assert.deepEqual(answer.metadata, []);
  }
  const client = createClientFor(OrganizationServiceV2)(transport(upstream));
  for (const [id, listed] of [["1", ["1"]], ["2", []], ["3", []]] as const) {
    const { result, details } = await client.listOrganizations({
      queries: [{ query: { case: "idQuery", value: { id } } }],
    });
    assert.deepEqual(result.map(({ id }) => id), listed);
    assert.equal(details?.totalResult, 1n);
  }
});

Deno.test("createUpstream() tells a forbidden from an unknown organization in management v1", async () => {
  const client = createClientFor(ManagementService)(
    transport(createUpstream({ organizations, api: "management_v1" })),
  );
  const list = (id: string) =>
    client.listOrgMetadata({ query: { limit: 1_001 } }, {
      headers: { "x-zitadel-orgid": id },
    });
  const { result } = await list("1");
  assert.equal(result.length, 250);
  assert.equal(result[0]?.details?.resourceOwner, "1");
  await assert.rejects(list("2"), hasCode(Code.NotFound));
  await assert.rejects(list("3"), hasCode(Code.PermissionDenied));
});

Deno.test("createUpstream() refuses a wrong token, unless the API is missing", async () => {
  const list = (upstream: Upstream) =>
    v2beta(upstream, "wrong").listOrganizationMetadata({ organizationId: "1" });
  await assert.rejects(
    list(createUpstream({ organizations })),
    hasCode(Code.Unauthenticated),
  );
  await assert.rejects(
    list(createUpstream({ organizations, api: "management_v1" })),
    hasCode(Code.Unimplemented),
  );
});

Deno.test("createUpstream() tells what it was not asked for", async () => {
  const jwks = { keys: [{ kid: "1" }] };
  const upstream = createUpstream({ organizations, jwks });
  assert.deepEqual(upstream.unused(), ["1", "2", "/oauth/v2/keys"]);
  await v2beta(upstream).listOrganizationMetadata({ organizationId: "2" });
  const keys = await upstream.fetch(`${UPSTREAM_ORIGIN}/oauth/v2/keys`);
  assert.deepEqual(await keys.json(), jwks);
  assert.deepEqual(upstream.unused(), ["1"]);
  assert.equal(upstream.requests, 2);
});
