import assert from "node:assert/strict";
import { populate } from "../../../harness/sandbox/populate.ts";
import {
  readWorldFile,
  WorldFile,
} from "../../../harness/sandbox/world_file.ts";

Deno.test("readWorldFile() names every problem with its path", async () => {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  const users = [{ userName: "", roles: [] }];
  const wrong = { organizations: [{ name: "Acme", id: "12", users }] };
  const cases: [text: string, problems: RegExp[]][] = [
    [JSON.stringify(wrong), [
      /15 to 20 digits/,
      /organizations\[0\]\.users\[0\]\.userName/,
      /Unrecognized key: "roles"/,
    ]],
    ["{", [/Cannot read the world file/]],
  ];
  for (const [text, problems] of cases) {
    await Deno.writeTextFile(path, text);
    await assert.rejects(readWorldFile(path), ({ message }: Error) => {
      for (const problem of problems) assert.match(message, problem);
      return true;
    });
  }
  await Deno.remove(path);
});

Deno.test("populate() creates the repository's world", async () => {
  const { world } = populate(await readWorldFile());
  const { roles } = world.projects.values()
    .find(({ name }) => name === "Storefront")!;
  assert.deepEqual([...roles], ["admin", "editor", "viewer"]);
  const carol = world.users.values()
    .find(({ userName }) => userName === "carol")!;
  const grant = world.userGrants.values()
    .find(({ userId }) => userId === carol.id)!;
  assert.equal(grant.organizationId, carol.organizationId);
  assert.ok(world.projectGrants.has(grant.projectGrantId!));
});

Deno.test("populate() fills in what a short world file leaves out", () => {
  const { world } = populate(WorldFile.parse({
    organizations: [{
      name: "My Model",
      metadata: { admin: ["a"], odd: "not json" },
      projects: [{ name: "App", roles: ["admin"] }],
      users: [{
        userName: "eve",
        firstName: "Eve",
        grants: [{ project: "App", roles: ["admin"] }],
      }],
    }],
  }));
  const { id, primaryDomain, metadata } = world.organizations.values()
    .find(({ name }) => name === "My Model")!;
  assert.match(id, /^[0-9]{18}$/);
  assert.equal(primaryDomain, "my-model.localhost");
  const texts = Array.from(
    metadata,
    ([key, { value }]) => [key, new TextDecoder().decode(value)],
  );
  assert.deepEqual(texts, [["admin", '["a"]'], ["odd", "not json"]]);
  const [grant] = world.userGrants.values();
  assert.equal(grant?.organizationId, id);
  assert.equal(grant?.projectGrantId, undefined);
});

Deno.test("populate() names a reference that it cannot resolve", () => {
  const populateWith = (grants: unknown[], grantedTo: unknown[]) =>
    populate(WorldFile.parse({
      organizations: [{
        name: "Acme",
        projects: [{ name: "App", grantedTo }],
        users: [{ userName: "eve", grants }],
      }],
    }));
  assert.throws(
    () => populateWith([{ project: "Apps" }], []),
    /Cannot find the project "Apps"/,
  );
  assert.throws(
    () => populateWith([], [{ organization: "Globex", roles: [] }]),
    /Cannot find the organization "Globex"/,
  );
});
