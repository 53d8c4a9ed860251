import assert from "node:assert/strict";
import { startWebhookTarget } from "../../../harness/conformance/webhook_target.ts";
import { RELEASES } from "../../../harness/sandbox/release.ts";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";
import { WorldFile } from "../../../harness/sandbox/world_file.ts";
import { ACME, call, createTarget, type Json, tokenFor } from "./_call.ts";

const PROJECTS = {
  "3.4": [],
  "4.6": ["v2beta", "v2"],
  "current": ["v2beta", "v2"],
} as const;

for (const release of RELEASES) {
  Deno.test(`startSandbox() lets an organization choose the ids of its projects on ${release}`, async (t) => {
    await using sandbox = await startSandbox({ release });
    for (const version of PROJECTS[release]) {
      const create = (id: string, organizationId = ACME) =>
        call(
          sandbox,
          `POST /zitadel.project.${version}.ProjectService/CreateProject`,
          {
            organizationId,
            [version === "v2" ? "projectId" : "id"]: id,
            name: `${version} ${id.slice(0, 100)}`,
          },
        );
      for (const id of ["77:ops", "__proto__", "with space", "é", "a/b"]) {
        const unique = `${id} ${version}`;
        await t.step(unique, async () => {
          const { status, json } = await create(unique);
          assert.equal(status, 200);
          assert.ok(Object.values(json()).includes(unique));
          const { organizationId } = sandbox.world.projects.get(unique)!;
          assert.equal(organizationId, ACME);
          assert.equal((await create(unique)).status, 409);
        });
      }
      await t.step(`${version}: lengths`, async () => {
        assert.equal((await create(version.padEnd(200, "x"))).status, 200);
        assert.equal((await create("x".repeat(201))).status, 400);
        assert.equal((await create("")).status, 400);
      });
      await t.step(
        `${version}: another organization's id stays theirs`,
        async () => {
          const id = `77:ops ${version}`;
          const [other] = [...sandbox.world.organizations.keys()]
            .filter((organization) => organization !== ACME);
          assert.equal((await create(id, other)).status, 200);
          assert.equal(sandbox.world.projects.get(id)!.organizationId, ACME);
        },
      );
    }
  });
}

Deno.test("startSandbox() asserts roles with odd names of projects with odd ids", async () => {
  await using target = startWebhookTarget();
  await using sandbox = await startSandbox({
    world: WorldFile.parse({
      organizations: [{
        name: "Acme",
        projects: [
          { name: "Ops", id: "77:ops", roles: ["constructor", "__proto__"] },
          { name: "Proto", id: "__proto__", roles: ["constructor"] },
        ],
        users: [{
          userName: "bot",
          secret: "sandbox-bot",
          grants: [
            { project: "Ops", roles: ["constructor", "__proto__"] },
            { project: "Proto", roles: ["constructor"] },
          ],
        }],
      }],
    }),
  });
  const id = await createTarget(sandbox, { endpoint: target.origin });
  await call(sandbox, "PUT /v2/actions/executions", {
    condition: { function: { name: "preaccesstoken" } },
    targets: [id],
  });
  const { answer } = await tokenFor(sandbox, {
    client: "bot",
    scope:
      "openid urn:zitadel:iam:org:projects:roles urn:zitadel:iam:org:project:id:77:ops:aud urn:zitadel:iam:org:project:id:__proto__:aud",
  });
  const payload = JSON.parse(target.calls[0]!.body);
  assert.deepEqual(
    payload.user_grants.map((grant: Json) => [grant.project_id, grant.roles]),
    [["77:ops", ["constructor", "__proto__"]], ["__proto__", ["constructor"]]],
  );
  const claims = JSON.parse(atob(answer.access_token.split(".")[1]));
  assert.deepEqual(claims.aud, ["77:ops", "__proto__"]);
  const claim = claims["urn:zitadel:iam:org:project:77:ops:roles"];
  assert.deepEqual(Object.keys(claim), ["constructor", "__proto__"]);
});
