import assert from "node:assert/strict";
import { RELEASES } from "../../../harness/sandbox/release.ts";
import {
  type Release,
  startSandbox,
} from "../../../harness/sandbox/sandbox.ts";
import { call } from "./_call.ts";

/** Where each release reports an unknown instance, for gRPC-web. */
const UNKNOWN: Record<Release, Record<string, string>> = {
  "3.4": {
    "org.v2.OrganizationService/ListOrganizationMetadata": "12 in headers",
    "org.v2beta.OrganizationService/ListOrganizationMetadata": "12 in headers",
    "management.v1.ManagementService/ListOrgMetadata": "5 in a frame",
  },
  "4.6": {
    "org.v2.OrganizationService/ListOrganizationMetadata": "404",
    "org.v2beta.OrganizationService/ListOrganizationMetadata": "5 in headers",
    "management.v1.ManagementService/ListOrgMetadata": "5 in a frame",
  },
  "current": {
    "org.v2.OrganizationService/ListOrganizationMetadata": "5 in headers",
    "org.v2beta.OrganizationService/ListOrganizationMetadata": "5 in headers",
    "management.v1.ManagementService/ListOrgMetadata": "5 in headers",
  },
};

for (const release of RELEASES) {
  Deno.test(`startSandbox() finds its instance by the host or by x-zitadel-instance-host on ${release}`, async (t) => {
    await using sandbox = await startSandbox({ release });
    const { host } = new URL(sandbox.origin);
    const elsewhere = {
      ...sandbox,
      origin: sandbox.origin.replace("127.0.0.1", "localhost"),
    };
    const known = { "x-zitadel-instance-host": host };

    for (const [method, expected] of Object.entries(UNKNOWN[release])) {
      await t.step(method, async () => {
        const response = await fetch(
          `${elsewhere.origin}/zitadel.${method}`,
          {
            method: "POST",
            headers: { "content-type": "application/grpc-web+proto" },
            body: new Uint8Array(5),
          },
        );
        const body = await response.text();
        const header = response.headers.get("grpc-status");
        const frame = /grpc-status: ?(\d+)/.exec(body)?.[1];
        assert.equal(
          header !== null
            ? `${header} in headers`
            : frame !== undefined
            ? `${frame} in a frame`
            : String(response.status),
          expected,
        );
        if (expected.startsWith("5")) {
          const text = decodeURIComponent(
            response.headers.get("grpc-message") ?? body,
          );
          assert.match(text, /Message=Instance not found\. /);
        }
      });
    }
    await t.step("REST", async () => {
      const route = "POST /v2/organizations/_search";
      const refused = await call(elsewhere, route, {});
      assert.equal(refused.status, 404);
      assert.match(refused.json().message, /Message=Instance not found\. /);
      assert.equal((await call(elsewhere, route, {}, known)).status, 200);
      const other = { "x-zitadel-instance-host": "nope.example" };
      assert.equal((await call(sandbox, route, {}, other)).status, 404);
    });
    for (
      const path of [
        "/.well-known/openid-configuration",
        "/oauth/v2/keys",
        "/oauth/v2/authorize",
      ]
    ) {
      await t.step(path, async () => {
        const refused = await call(elsewhere, `GET ${path}`);
        assert.equal(refused.status, 404);
        assert.match(refused.text, /^unable to set instance .*#domains\n$/);
        const answered = await call(elsewhere, `GET ${path}`, undefined, known);
        assert.notEqual(answered.status, 404);
      });
    }
    await t.step("the issuer stays the public origin", async () => {
      const path = "GET /.well-known/openid-configuration";
      const { json } = await call(elsewhere, path, undefined, known);
      assert.equal(json().issuer, sandbox.origin);
    });
    await t.step("the health checks need no instance", async () => {
      assert.equal((await call(elsewhere, "GET /debug/ready")).status, 200);
    });
  });
}
