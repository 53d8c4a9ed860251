import assert from "node:assert/strict";
import type { CheckId } from "../../../harness/doctor/checks.ts";
import { diagnose } from "../../../harness/doctor/diagnose.ts";
import { chooseLiveRole } from "../../../harness/doctor/choose_live_role.ts";
import type { MetadataApi } from "../../../lib/zitadel/metadata_listing.ts";
import type { ActionV1 } from "../../../harness/zitadel/action_v1.ts";
import type { Facts } from "../../../harness/doctor/facts.ts";
import { collect, type Finding } from "../../../harness/doctor/finding.ts";
import { judgeActions } from "../../../harness/doctor/judge_customers.ts";
import { partsOf } from "./_faults.ts";
import {
  examine,
  gather,
  type Sound,
  soundInstance,
} from "./_sound_instance.ts";

const CUSTOMER = "300000000000000005";

/** Everything that the set-up for customers sets. */
function setUp({ settings, scratch }: Sound) {
  return {
    ...settings,
    METADATA_ORGANIZATION: scratch.organization.id,
    GRANTED_BY: `user,${scratch.organization.id}`,
    APPLICATIONS: scratch.application.clientId,
  };
}

/** Adds a customer's organization to which the project is granted. */
function addCustomer(it: Sound, { owner = false } = {}): void {
  const { state, organization, project } = partsOf(it);
  const customer = { ...organization, id: CUSTOMER, name: "Customer" };
  state.organizations.set(CUSTOMER, customer);
  state.projectGrants.set("300000000000000007", {
    ...project,
    id: "300000000000000007",
    projectId: project.id,
    organizationId: CUSTOMER,
    roles: ["viewer"],
  });
  if (owner) {
    const userId = "300000000000000006";
    const roles = ["ORG_OWNER"];
    state.members.push({ userId, organizationId: CUSTOMER, roles });
  }
}

function of(findings: readonly Finding[], check: CheckId) {
  return findings.filter((it) => it.check === check);
}

Deno.test("doctor lists what the set-up for customers lacks", async (t) => {
  await using it = await soundInstance();
  const customers = async (
    settings: Record<string, string | undefined> = it.settings,
  ) => {
    const [found, ...more] = of(await examine(it, { settings }), "customers");
    assert.equal(more.length, 0);
    return {
      level: found?.level,
      parts: found?.items.map((item) => item.slice(0, 2)),
      seen: found?.seen,
    };
  };

  await t.step("without customers it is one quiet line", async () => {
    const { level, parts } = await customers();
    assert.deepEqual({ level, parts }, { level: "ok", parts: [] });
  });
  await t.step("with a granted project, C1, C3 and C4", async () => {
    addCustomer(it);
    const { level, parts, seen } = await customers();
    assert.deepEqual([level, parts], ["warning", ["C1", "C3", "C4"]]);
    assert.match(seen!, /^projects are granted to Customer \(3/);
    const unset = await customers({ ...it.settings, PROJECTS: undefined });
    assert.deepEqual(unset.parts, ["C1", "C2", "C3", "C4"]);
  });
  await t.step("each setting closes its part", async () => {
    assert.deepEqual((await customers(setUp(it))).parts, []);
    const { GRANTED_BY: _, ...others } = setUp(it);
    assert.deepEqual((await customers(others)).parts, ["C3"]);
    const PERMISSIONS_SHAPE = "by_organization";
    const labelled = { ...others, PERMISSIONS_SHAPE };
    assert.deepEqual((await customers(labelled)).parts, []);
    const withRoles = { ...labelled, ROLES_CLAIM: "roles" };
    assert.deepEqual((await customers(withRoles)).parts, ["C3"]);
  });
  await t.step("an owner who may write actions needs C5", async () => {
    it.restore();
    addCustomer(it, { owner: true });
    const off = await customers(setUp(it));
    assert.deepEqual(off.parts, ["C5"]);
    partsOf(it).target.interruptOnError = true;
    const on = await customers(setUp(it));
    assert.deepEqual([on.level, on.parts], ["ok", []]);
  });
  await t.step(
    "an administrator of the instance is no customer",
    async () => {
      it.restore();
      const { state, organization } = partsOf(it);
      state.organizations.set(CUSTOMER, { ...organization, id: CUSTOMER });
      const { userId } = state.members.find(({ organizationId, roles }) =>
        organizationId === undefined && roles.includes("IAM_OWNER")
      )!;
      const roles = ["ORG_OWNER"];
      state.members.push({ userId, organizationId: CUSTOMER, roles });
      assert.equal((await customers()).level, "ok");
    },
  );
});

Deno.test("doctor judges APPLICATIONS and IMPERSONATION", async () => {
  await using it = await soundInstance();
  const { state, app, project } = partsOf(it);
  const mine = it.scratch.application.clientId;
  const api = { ...app, id: "31", clientId: "32", name: "API" };
  const theirs = { ...app, id: "33", clientId: "34", projectId: "35" };
  state.projects.set("35", { ...project, id: "35", name: "Other" });
  state.apps.set(api.id, api);
  state.apps.set(theirs.id, theirs);
  const settings = {
    ...it.settings,
    APPLICATIONS: `${mine},34,4711`,
    IMPERSONATION: "none",
  };
  const findings = await examine(it, { settings, clientId: "32" });
  const [impersonation] = of(findings, "impersonation");
  assert.equal(impersonation?.level, "note");
  const applications = of(findings, "applications")
    .map(({ level, items }) => [level, ...items]);
  assert.deepEqual(applications, [
    ["broken"],
    ["warning", "4711"],
    ["note", "Shop (34) of project Other"],
    ["note", "API (32) of project Shop"],
    ["ok", `Shop (${mine}) of project Shop`],
  ]);
});

Deno.test("doctor judges the set-up for customers by the release", async () => {
  await using it = await soundInstance();
  addCustomer(it);
  const settings = { ...setUp(it), IMPERSONATION: "none" };
  const facts = await gather(it, { settings });
  const judge = (api: MetadataApi) => {
    const organizations = facts.organizations.value!.map((organization) => ({
      ...organization,
      metadata: { value: { ...organization.metadata!.value!, api } },
    }));
    const findings = diagnose({
      ...facts,
      organizations: { value: organizations },
    });
    return {
      parts: of(findings, "customers")[0]?.items.map((it) => it.slice(0, 2)),
      applications: of(findings, "applications").map(({ level }) => level),
      impersonation: of(findings, "impersonation").map(({ level }) => level),
    };
  };
  const sound = { parts: [], applications: ["ok"], impersonation: ["note"] };
  assert.deepEqual(judge("v2"), sound);
  assert.deepEqual(judge("v2beta"), { ...sound, impersonation: ["warning"] });
  assert.deepEqual(judge("management_v1"), {
    parts: ["C4"],
    applications: ["broken"],
    impersonation: ["warning"],
  });
});

Deno.test("doctor says what it cannot see of customers without an administrator's token", async () => {
  await using it = await soundInstance();
  const isNoted = async (settings: Record<string, string | undefined>) =>
    of(
      await examine(it, {
        settings: { ...settings, ZITADEL_ADMIN_TOKEN: undefined },
      }),
      "not_checked",
    ).some(({ seen }) => seen.includes("customers' organizations"));
  assert.equal(await isNoted(it.settings), true);
  assert.equal(await isNoted(setUp(it)), false);
});

Deno.test("doctor --live is not tried with a grant that GRANTED_BY leaves out", async () => {
  await using it = await soundInstance();
  const choose = async (GRANTED_BY: string) => {
    const facts = await gather(it, {
      settings: { ...it.settings, GRANTED_BY },
    });
    return chooseLiveRole(facts, facts.config.value!).kind;
  };
  assert.equal(await choose("user"), "project");
  assert.equal(await choose(it.scratch.organization.id), "project");
  assert.equal(await choose("4711"), "none");
});

Deno.test("judgeActions() calls a script broken that names the claim as lenient servers read it", () => {
  const judge = (script: string) => {
    const organization = { id: "1", name: "tenant" };
    const actions: ActionV1[] = [{ name: "a", script }];
    const facts = {
      config: { value: { claim: "permissions", rolesClaim: "urn:x:roles" } },
      actions: { looked: [{ organization, actions }], unread: [], left: 0 },
    };
    return collect((report) => judgeActions(facts as unknown as Facts, report))
      .map(({ level }) => level);
  };
  const set = (name: string) => `api.v1.claims.setClaim(${name}, ["a"])`;
  for (
    const name of [
      '"permissions"',
      '"Permissions"',
      "'PERMISSIONS'",
      '"permi\\u017f\\u017fions"',
      '"permi\\u{17F}\\u{17f}ions"',
      '"permi\u017f\u017fions"',
      '"\uff50ermissions"',
      '"\\x50ermissions"',
      '"\\permissions"',
      '"permis\\\nsions"',
      "({ Permissions: 1 })",
      '"URN:x:Roles"',
    ]
  ) {
    assert.deepEqual(judge(set(name)), ["broken"], name);
  }
  for (const name of ['"team"', '"myPermissions"', '"\\u{ffffffff}"']) {
    assert.deepEqual(judge(set(name)), ["note"], name);
  }
});
