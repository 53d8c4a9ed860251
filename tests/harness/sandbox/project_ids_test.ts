import assert from "node:assert/strict";
import { startWebhookTarget } from "../../../harness/conformance/webhook_target.ts";
import { FIXTURES_URL } from "../../../harness/fixtures/fixture.ts";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";
import { WorldFile } from "../../../harness/sandbox/world_file.ts";
import { bindTarget, type Json, tokenFor } from "./_call.ts";

interface Recorded {
  readonly rows: Record<string, { roles: string[]; seen: unknown }>;
}

const { rows }: Recorded = JSON.parse(
  await Deno.readTextFile(
    new URL("recorded/behaviour/chosen_project_ids.json", FIXTURES_URL),
  ),
);

for (const [id, { roles, seen }] of Object.entries(rows)) {
  Deno.test(`startSandbox() asserts the roles of the project ${id} as recorded`, async () => {
    await using target = startWebhookTarget();
    await using sandbox = await startSandbox({
      world: WorldFile.parse({
        organizations: [{
          name: "Acme",
          projects: [{ name: "Odd", id, roles }],
          users: [{
            userName: "bot",
            secret: "sandbox-bot",
            grants: [{ project: "Odd", roles }],
          }],
        }],
      }),
    });
    await bindTarget(sandbox, target.origin);
    const { answer } = await tokenFor(sandbox, {
      client: "bot",
      scope:
        `openid urn:zitadel:iam:org:projects:roles urn:zitadel:iam:org:project:id:${id}:aud`,
    });
    const claims = JSON.parse(
      new TextDecoder().decode(
        Uint8Array.fromBase64(answer.access_token.split(".")[1], {
          alphabet: "base64url",
        }),
      ),
    );
    assert.deepEqual({
      aud: claims.aud,
      grants: JSON.parse(target.calls[0]!.body).user_grants.map((
        grant: Json,
      ) => [grant.project_id, grant.roles]),
      claims: Object.entries(claims)
        .filter(([key]) => key.startsWith("urn:zitadel:iam:org:project:"))
        .map(([key, value]) => [key, Object.keys(value as object)]),
    }, seen);
  });
}
