import assert from "node:assert/strict";
import { chooseLiveRole } from "../../../harness/doctor/choose_live_role.ts";
import { proveLive } from "../../../harness/doctor/live.ts";
import { createProject } from "../../../harness/zitadel/project.ts";
import { withSetting } from "../../../harness/cli/env_file.ts";
import { serve } from "../_serve.ts";
import { partsOf } from "./_faults.ts";
import { gather, type Sound, soundInstance } from "./_sound_instance.ts";

type Changed = Readonly<Record<string, string | undefined>>;

/** Proves with settings that the function has, too. */
async function prove(
  it: Sound,
  changed: Changed,
  options: Partial<Parameters<typeof proveLive>[1]> = {},
) {
  let text = await Deno.readTextFile(it.envFile);
  for (const [name, value] of Object.entries(changed)) {
    text = withSetting(text, name, value);
  }
  await Deno.writeTextFile(it.envFile, text);
  await it.server.reload();
  const settings = { ...it.settings, ...changed };
  const facts = await gather(it, { settings, org: [] });
  const { signal } = new AbortController();
  return await proveLive(facts, { signal, ...options });
}

const snapshot = ({ sandbox: { world } }: Sound) => ({
  organizations: [...world.organizations.keys()],
  users: [...world.users.keys()],
  grants: [...world.userGrants.keys()],
  roles: [...world.projects.values()].flatMap(({ roles }) => [...roles]),
});

/** Replaces the mapping: permissions by key. */
function map(it: Sound, mapping: Readonly<Record<string, readonly string[]>>) {
  const { organization: { metadata }, admin } = partsOf(it);
  metadata.clear();
  for (const [key, permissions] of Object.entries(mapping)) {
    const value = new TextEncoder().encode(JSON.stringify(permissions));
    metadata.set(key, { ...admin, value });
  }
}

const USER = { PROJECTS: undefined };
const fixed = ({ scratch }: Sound) => ({
  METADATA_ORGANIZATION: scratch.organization.id,
});
const EMPTY = /^6 tokens each held the empty claim of a role without an entry/;

/** What is changed before, the settings, and what the proof says. */
const PROVEN: Record<
  string,
  (
    it: Sound,
  ) => readonly [Changed, RegExp] | Promise<readonly [Changed, RegExp]>
> = {
  "in an organization of its own": () => [
    USER,
    /^6 tokens each held the permission of viewer in .* a mapping of its own/,
  ],
  "of a real project with PROJECTS": () => [{}, / of viewer; the first/],
  "by the mapping of a fixed organization": (it) => {
    map(it, {
      admin: ["a", "b", "c"],
      viewer: ["a", "b"],
      idle: [],
      "x:y": ["a"],
    });
    return [{ ...USER, ...fixed(it) }, /the 2 permissions of viewer; the/];
  },
  "or none with entries for projects only, without PROJECTS": (it) => {
    const { id } = it.scratch.project;
    map(it, { [`${id}:admin`]: ["a", "b"], [`${id}:viewer`]: ["a"] });
    return [{ ...USER, ...fixed(it) }, EMPTY];
  },
  "if the project lies in another organization than the mapping": async (
    it,
  ) => {
    const { organization, state } = partsOf(it);
    const elsewhere = [...state.organizations.keys()]
      .find((other) => other !== organization.id)!;
    const { id } = await createProject(it.instance, elsewhere, {
      name: "Elsewhere",
      roles: ["reader", "writer"],
    });
    map(it, { [`${id}:reader`]: ["r"], [`${id}:writer`]: ["r", "w"] });
    return [{ ...fixed(it), PROJECTS: id }, /of reader/];
  },
  "or none of a project whose roles have equally many": (it) => {
    map(it, { admin: ["a", "b"], viewer: ["c", "d"] });
    return [fixed(it), EMPTY];
  },
  "or none of an organization with one role, beside one without permissions": (
    it,
  ) => {
    map(it, { admin: ["a", "b"], viewer: [] });
    return [{ ...USER, ...fixed(it) }, EMPTY];
  },
};
for (const shape of ["string", "by_project", "by_organization"]) {
  const changed = { PERMISSIONS_SHAPE: shape, ROLES_CLAIM: "roles" };
  PROVEN[`as ${shape}, with a claim of roles`] = () => [changed, /of viewer/];
}

for (const [name, make] of Object.entries(PROVEN)) {
  Deno.test(`proveLive() gets one role's permissions ${name}`, async () => {
    await using it = await soundInstance();
    const [changed, seen] = await make(it);
    const before = snapshot(it);
    const found = await prove(it, changed);
    assert.equal(found.level, "ok", found.seen);
    assert.match(found.seen, seen);
    assert.deepEqual(snapshot(it), before);
  });
}

Deno.test("chooseLiveRole() says why there is none", async () => {
  await using it = await soundInstance();
  const choose = async (changed: Changed) => {
    const settings = { ...it.settings, ...changed };
    const facts = await gather(it, { settings });
    const chosen = chooseLiveRole(facts, facts.config.value!);
    return typeof chosen === "string" ? chosen : chosen.role;
  };
  const { id } = it.scratch.organization;
  assert.equal(await choose({ GRANTED_BY: "user" }), "viewer");
  assert.equal(await choose({ GRANTED_BY: id }), "viewer");
  assert.match(
    await choose({ GRANTED_BY: "4711" }),
    /GRANTED_BY lists neither/,
  );
  assert.match(await choose({ ...USER, GRANTED_BY: id }), /GRANTED_BY lists/);
  assert.match(await choose({ PROJECTS: "4711" }), /^no project of PROJECTS/);
  const METADATA_ORGANIZATION = "4711";
  const unread = { ...USER, METADATA_ORGANIZATION };
  assert.match(await choose(unread), /^the mapping could not be read/);
});

Deno.test("proveLive() reports a token without the claim", async () => {
  await using it = await soundInstance();
  await using other = serve(() =>
    Response.json({ append_claims: [{ key: "tenant", value: "acme" }] })
  );
  const { access, addTarget, state } = partsOf(it);
  const id = addTarget();
  state.targets.get(id)!.endpoint = other.endpoint;
  access.targets.push(id);
  const live = await prove(it, USER);
  assert.equal(live.level, "broken");
  assert.match(live.seen, /^a token came without the claim permissions/);
});

Deno.test("proveLive() removes everything when it is interrupted", async (t) => {
  await using it = await soundInstance();
  const before = snapshot(it);
  const PROJECTS = it.scratch.project.id;
  for (const changed of [USER, { PROJECTS }]) {
    for (const at of ["creating a throwaway user", "token 2 of 6"]) {
      await t.step(`${JSON.stringify(changed)}, ${at}`, async () => {
        const controller = new AbortController();
        const steps: string[] = [];
        const proof = prove(it, changed, {
          signal: controller.signal,
          onProgress: (what) => {
            steps.push(what);
            if (what === at) controller.abort(new Error("Ctrl-C"));
          },
        });
        await assert.rejects(proof, /Ctrl-C/);
        assert.ok(!steps.includes("token 4 of 6"));
        assert.deepEqual(snapshot(it), before);
      });
    }
  }
});

Deno.test("doctor finds what checks left, and removes nothing else", async () => {
  await using it = await soundInstance();
  const { state, project, addOrganization } = partsOf(it);
  const user = state.users.get(it.scratch.robot.id)!;
  // Of a customer, who may choose such a name to hide behind it.
  const organizationId = addOrganization("permissions-check-89abcdef");
  state.users.set("4711", { ...user, id: "4711", organizationId });
  const before = snapshot(it);
  const name = "permissions-check-0123abcd";
  const id = addOrganization(name);
  state.users.set("4712", { ...user, id: "4712", userName: name });
  project.roles.add(name);

  const { leftovers } = await gather(it);
  assert.deepEqual(leftovers.map(({ text }) => text.split(" of ")[0]), [
    `organization ${name} (${id})`,
    `role ${name}`,
    `user ${name} (4712)`,
  ]);
  for (const { remove } of leftovers) await remove();
  assert.deepEqual(snapshot(it), before);
  assert.deepEqual((await gather(it)).leftovers, []);
});
