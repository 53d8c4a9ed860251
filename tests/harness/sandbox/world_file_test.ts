import assert from "node:assert/strict";
import { populate } from "../../../harness/sandbox/populate.ts";
import {
  readWorldFile,
  WorldFile,
} from "../../../harness/sandbox/world_file.ts";

/** Writes a world file, reads it and removes it. */
async function read(text: string) {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(path, text);
    return await readWorldFile(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("readWorldFile() names every problem with its path", async () => {
  const wrong = JSON.stringify({
    organizations: [{
      name: "Acme",
      id: "12",
      users: [{ userName: "", roles: [] }],
    }],
  });
  await assert.rejects(read(wrong), (error: Error) => {
    assert.match(error.message, /15 to 20 digits/);
    assert.match(error.message, /organizations\[0\]\.users\[0\]\.userName/);
    assert.match(error.message, /Unrecognized key: "roles"/);
    return true;
  });
  await assert.rejects(read("{"), /Cannot read the world file/);
});

Deno.test("populate() creates the repository's world", async () => {
  const { world } = populate(await readWorldFile());
  const storefront = [...world.projects.values()].find(({ name }) =>
    name === "Storefront"
  );
  assert.deepEqual([...storefront!.roles.keys()], [
    "admin",
    "editor",
    "viewer",
  ]);
  const carol = [...world.users.values()].find(({ userName }) =>
    userName === "carol"
  );
  const grant = [...world.userGrants.values()].find(({ userId }) =>
    userId === carol!.id
  );
  assert.equal(grant?.organizationId, carol!.organizationId);
  assert.ok(world.projectGrants.has(grant!.projectGrantId!));
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
  const organization = [...world.organizations.values()].find(({ name }) =>
    name === "My Model"
  );
  assert.match(organization!.id, /^[0-9]{18}$/);
  assert.equal(organization!.primaryDomain, "my-model.localhost");
  const text = (key: string) =>
    new TextDecoder().decode(organization!.metadata.get(key)!.value);
  assert.equal(text("admin"), '["a"]');
  assert.equal(text("odd"), "not json");
  const [grant] = world.userGrants.values();
  assert.equal(grant?.organizationId, organization!.id);
  assert.equal(grant?.projectGrantId, undefined);
});

Deno.test("populate() names a reference that it cannot resolve", () => {
  const file = (grants: unknown[], grantedTo: unknown[] = []) =>
    WorldFile.parse({
      organizations: [{
        name: "Acme",
        projects: [{ name: "App", grantedTo }],
        users: [{ userName: "eve", grants }],
      }],
    });
  assert.throws(
    () => populate(file([{ project: "Apps" }])),
    /Cannot find the project "Apps"/,
  );
  assert.throws(
    () => populate(file([], [{ organization: "Globex", roles: [] }])),
    /Cannot find the organization "Globex"/,
  );
});
