import assert from "node:assert/strict";
import type { GatherOptions } from "../../../harness/doctor/gather.ts";
import { proveLive } from "../../../harness/doctor/live.ts";
import {
  findLeftoverUsers,
  removeLeftovers,
} from "../../../harness/doctor/leftovers.ts";
import { createProject } from "../../../harness/zitadel/project.ts";
import { listOrganizations } from "../../../harness/zitadel/organization.ts";
import { withSetting } from "../../../harness/cli/env_file.ts";
import { readConfig } from "../../../lib/config/settings.ts";
import { referToCauses } from "../../../harness/doctor/run_doctor.ts";
import { partsOf } from "./_faults.ts";
import {
  examine,
  gather,
  type Sound,
  soundInstance,
} from "./_sound_instance.ts";

const value = (names: readonly string[]) =>
  new TextEncoder().encode(JSON.stringify(names));

/** Proves with settings that the function has, too. */
async function prove(
  it: Sound,
  changed: Readonly<Record<string, string | undefined>>,
  options: {
    readonly signal?: AbortSignal;
    readonly onProgress?: (what: string) => void;
  } = {},
) {
  let text = await Deno.readTextFile(it.envFile);
  for (const [name, value] of Object.entries(changed)) {
    text = withSetting(text, name, value);
  }
  await Deno.writeTextFile(it.envFile, text);
  await it.server.reload();
  const settings = { ...it.settings, ...changed };
  const gathered: Partial<GatherOptions> = { settings, organizations: [] };
  const facts = await gather(it, gathered);
  const { signal = new AbortController().signal, onProgress } = options;
  return await proveLive(
    it.instance,
    { facts, config: readConfig(settings) },
    { signal, ...onProgress && { onProgress } },
  );
}

const snapshot = ({ sandbox }: Sound) => ({
  organizations: [...sandbox.world.organizations.keys()],
  users: [...sandbox.world.users.keys()],
  grants: [...sandbox.world.userGrants.keys()],
  roles: [...sandbox.world.projects.values()].flatMap((
    { roles },
  ) => [...roles]),
});

const USER = { PROJECTS: undefined };

/** Settings, what is changed before, and what the proof says. */
const PROVEN: Record<
  string,
  (it: Sound) => Promise<[Record<string, string | undefined>, RegExp]>
> = {
  "in an organization of its own": () =>
    Promise.resolve([
      USER,
      /^6 tokens each held the permission of viewer in .* a mapping of its own/,
    ]),
  "in a real project with PROJECTS": ({ scratch }) =>
    Promise.resolve([{ PROJECTS: scratch.project.id }, /of viewer; the first/]),
  "by the mapping of a fixed organization": ({ scratch }) =>
    Promise.resolve([
      { ...USER, METADATA_ORGANIZATION: scratch.organization.id },
      /of viewer/,
    ]),
  "with qualified entries of one organization": (it) => {
    const { organization: { id, metadata }, project } = partsOf(it);
    for (const [role, entry] of [...metadata]) {
      metadata.delete(role);
      metadata.set(`${project.id}:${role}`, entry);
    }
    return Promise.resolve([
      { ...USER, METADATA_ORGANIZATION: id },
      /of viewer/,
    ]);
  },
  "if the project lies in another organization than the mapping": async (
    it,
  ) => {
    const { organization: { id, metadata }, admin, state } = partsOf(it);
    const elsewhere = [...state.organizations.keys()]
      .find((other) => other !== id)!;
    const project = await createProject(it.instance, elsewhere, {
      name: "Elsewhere",
      roles: ["reader", "writer"],
    });
    metadata.clear();
    const set = (role: string, ...permissions: string[]) =>
      metadata.set(`${project.id}:${role}`, {
        ...admin,
        value: value(permissions),
      });
    set("reader", "r");
    set("writer", "r", "w");
    return [
      { METADATA_ORGANIZATION: id, PROJECTS: project.id },
      /of reader/,
    ];
  },
};

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

Deno.test("proveLive() knows every shape, and the claim of roles", async (t) => {
  await using it = await soundInstance();
  for (const shape of ["list", "string", "by_project", "by_organization"]) {
    await t.step(shape, async () => {
      const changed = { PERMISSIONS_SHAPE: shape, ROLES_CLAIM: "roles" };
      const found = await prove(it, changed);
      assert.equal(found.level, "ok", found.seen);
    });
  }
});

Deno.test("proveLive() makes a role of its own if no role is weaker than another", async (t) => {
  await using it = await soundInstance();
  const { organization: { id, metadata }, admin } = partsOf(it);
  const before = snapshot(it);
  const proves = async (changed: Record<string, string | undefined>) => {
    const found = await prove(it, {
      PROJECTS: it.scratch.project.id,
      METADATA_ORGANIZATION: id,
      ...changed,
    });
    assert.equal(found.level, "ok", found.seen);
    assert.match(found.seen, /each held the empty claim of a role without an/);
    assert.deepEqual(snapshot(it), before);
  };
  for (const role of metadata.keys()) {
    metadata.set(role, { ...admin, value: value([role, "a", "b"]) });
  }
  await t.step("of a project", () => proves({}));
  await t.step("of an organization", () => proves(USER));
  metadata.delete("viewer");
  await t.step("one role of a project", () => proves({}));
  await t.step("one role of an organization", () => proves(USER));
  metadata.clear();
  await t.step("no entry", () => proves(USER));
});

Deno.test("proveLive() reports a token without the claim, and doctor what can cause it", async (t) => {
  await using it = await soundInstance();
  await using other = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => Response.json({ append_claims: [{ key: "tenant", value: "acme" }] }),
  );
  type Make = (parts: ReturnType<typeof partsOf>) => void;
  const causes: [name: string, cause: string, make: Make][] = [
    ["another target replaces it", "called after", (parts) => {
      const { access, addTarget, state } = parts;
      const id = addTarget();
      state.targets.get(id)!.endpoint = `http://127.0.0.1:${other.addr.port}/`;
      access.targets.push(id);
    }],
    ["the function does not answer", "function", ({ target }) => {
      target.endpoint = "http://127.0.0.1:9/";
    }],
    ["the target has another key", "target", ({ target }) => {
      target.signingKey = "newKey";
    }],
    ["nothing is bound", "binding", ({ state }) => state.executions.clear()],
  ];
  for (const [name, cause, make] of causes) {
    await t.step(name, async () => {
      make(partsOf(it));
      const live = await prove(it, USER);
      assert.equal(live.level, "broken");
      assert.match(live.seen, /^a token came without the claim permissions/);
      const { fix } = referToCauses(live, await examine(it));
      assert.match(fix!, new RegExp(`^fix what else .*\\b${cause}\\b`));
    });
    it.restore();
  }
});

Deno.test("proveLive() removes everything when it is interrupted", async (t) => {
  await using it = await soundInstance();
  const before = snapshot(it);
  for (
    const changed of [USER, { PROJECTS: it.scratch.project.id }]
  ) {
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

Deno.test("removeLeftovers() removes organizations, roles and users of checks, and nothing else", async () => {
  await using it = await soundInstance();
  const { state, organization, project, addOrganization } = partsOf(it);
  const user = state.users.get(it.scratch.robot.id)!;
  // Of a customer, who may choose such a name to hide behind it.
  const organizationId = addOrganization("permissions-check-89abcdef");
  state.users.set("4711", { ...user, id: "4711", organizationId });
  const before = snapshot(it);
  const name = "permissions-check-0123abcd";
  const id = addOrganization(name);
  state.users.set("4712", { ...user, id: "4712", userName: name });
  project.roles.add(name);

  const facts = await gather(it);
  assert.deepEqual(facts.leftovers.organizations.map(({ id }) => id), [id]);
  assert.deepEqual(facts.leftovers.users.map(({ id }) => id), ["4712"]);
  const removed = await removeLeftovers(it.instance, facts.leftovers);
  assert.equal(removed.length, 3);
  assert.deepEqual(snapshot(it), before);
  assert.ok((await listOrganizations(it.instance)).length > 0);
  const owner = { id: organization.id, name: "Acme" };
  assert.deepEqual(await findLeftoverUsers(it.instance, [owner]), []);
});
