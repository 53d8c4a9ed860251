import assert from "node:assert/strict";
import { OrganizationState } from "@zitadel/proto/zitadel/org/v2/org_pb";
import {
  ProjectGrantState,
  ProjectState,
} from "@zitadel/proto/zitadel/project_pb";
import { Type } from "@zitadel/proto/zitadel/user_pb";
import { type CheckId, CHECKS } from "../../../harness/doctor/checks.ts";
import { diagnose } from "../../../harness/doctor/diagnose.ts";
import {
  combineFindings,
  type Finding,
  finding,
  type Level,
  outcomeOf,
} from "../../../harness/doctor/finding.ts";
import {
  judgeClock,
  judgeTls,
} from "../../../harness/doctor/judge_instance.ts";
import { gatherOwnedProjects } from "../../../harness/doctor/gather_organizations.ts";
import { judgeCustomers } from "../../../harness/doctor/judge_administrators.ts";
import { judgeDeactivated } from "../../../harness/doctor/judge_organizations.ts";
import { judgeManagers } from "../../../harness/doctor/judge_administrators.ts";
import { parseEnv } from "../../../harness/cli/env_file.ts";
import type { Instance } from "../../../harness/zitadel/client.ts";
import { listOrganizations } from "../../../harness/zitadel/organization.ts";
import type { MetadataApi } from "../../../lib/zitadel/metadata_listing.ts";
import type { GatherOptions } from "../../../harness/doctor/facts.ts";
import { type Config, SETTINGS } from "../../../lib/config/settings.ts";
import { FAULTS, partsOf } from "./_faults.ts";
import {
  ADVISING,
  commandsFor,
  follow,
  LOGGED,
  REASONS,
  write,
} from "./_remedies.ts";
import { collect, examine, gather, soundInstance } from "./_sound_instance.ts";

/** Told of every instance: how long a permission lives on, and who may change it. */
const EVERYWHERE: readonly CheckId[] = ["revocation", "writers", "managers"];

/** Settings that must not be in what people paste into an issue. */
const SECRETS = [
  ...Object.entries(SETTINGS).filter(([, setting]) => "secret" in setting)
    .map(([name]) => name),
  "ZITADEL_ADMIN_TOKEN",
];

function requireNoSecret(
  findings: readonly Finding[],
  settings: GatherOptions["settings"],
): void {
  const output = JSON.stringify(findings);
  const secrets = SECRETS.map((name) => settings[name] ?? "")
    // A fault such as a broken value is short, and a part of other words.
    .filter((secret) => secret.length > 8);
  for (const secret of secrets) {
    for (const form of [secret, JSON.stringify(secret).slice(1, -1)]) {
      assert.ok(!output.includes(form), `a secret is in ${output}`);
    }
  }
}

const titleOf = ({ check, level }: Finding) => `${check} ${level}`;

Deno.test("doctor finds nothing wrong on a sound instance, each fault and nothing else, tells no secret, and advises what fixes it", async (t) => {
  await using it = await soundInstance();
  const sound = await examine(it);
  const notWell = sound.filter(({ level, check }) =>
    level !== "ok" && !EVERYWHERE.includes(check)
  );
  assert.deepEqual(notWell, []);
  assert.equal(outcomeOf(sound), "done");

  const reset = async () => {
    it.restore();
    await write(it, it.settings);
    await it.server.reload();
  };
  const fixed = new Set<string>();
  for (const { name, check, level, make, expected } of FAULTS) {
    await t.step(name, async () => {
      const options = await make(it);
      const findings = await examine(it, options);
      const isOf = (it: Finding) => it.check === check && it.level === level;
      const found = findings.find(isOf);
      assert.ok(found, `not in ${JSON.stringify(findings)}`);
      assert.ok(level === "ok" || found.why && found.fix);
      requireNoSecret(findings, options.settings ?? {});
      const { seen, items, why, fix } = found;
      const text = [seen, ...items, why, fix, ""].join("\n")
        .replaceAll(` --env-file ${it.envFile}`, "");
      const wanted = [titleOf(found)];
      for (const it of expected) {
        if (typeof it === "string") wanted.push(it);
        else assert.match(text, it);
      }
      const others = findings.filter((it) =>
        wanted.includes(titleOf(it)) ||
        it.level !== "ok" && !EVERYWHERE.includes(it.check)
      );
      assert.deepEqual(others.map(titleOf).sort(), wanted.sort());

      // Once for each finding: what differs more closely is advised alike.
      if (fixed.has(titleOf(found))) return;
      for (const [place, command] of commandsFor(it, found).entries()) {
        fixed.add(titleOf(found));
        if (place > 0) {
          await reset();
          await make(it);
        }
        await write(it, options.settings ?? {});
        assert.equal(await follow(it, command, found), undefined);
        const settings = {
          ...options.settings,
          ...parseEnv(await Deno.readTextFile(it.envFile)),
        };
        const left = await examine(it, { ...options, settings });
        assert.equal(left.find(isOf), undefined, command);
      }
    });
    await reset();
  }
  assert.deepEqual(
    ADVISING.filter((check) =>
      ![...fixed].some((it) => it.startsWith(`${check} `))
    ),
    [],
  );
  assert.deepEqual(Object.keys(LOGGED).sort(), Object.values(REASONS).sort());
});

Deno.test("every check of the doctor is provoked by a test", () => {
  const elsewhere: CheckId[] = [
    // Below.
    "managers",
    "release",
    "tls",
    "clock",
    "deactivated",
    "deno",
    // See causes_test.ts, acknowledge_test.ts and live_test.ts.
    "metadata",
    "acknowledged",
    "live",
  ];
  const provoked = [...FAULTS.map(({ check }) => check), ...elsewhere];
  assert.deepEqual(
    Object.keys(CHECKS).filter((check) => !provoked.includes(check as CheckId)),
    [],
  );
});

Deno.test("doctor tells first what has to be fixed first", async () => {
  await using it = await soundInstance();
  const { state, target } = partsOf(it);
  state.executions.clear();
  target.endpoint = "http://127.0.0.1:9/";
  assert.deepEqual((await examine(it)).slice(0, 3).map(titleOf), [
    "canary broken",
    "bound broken",
    "events note",
  ]);
});

Deno.test("doctor judges by the release, and by the function's Deno", async () => {
  await using it = await soundInstance();
  const APPLICATIONS = it.scratch.application.clientId;
  const settings = { ...it.settings, APPLICATIONS, IMPERSONATION: "none" };
  const facts = await gather(it, { settings });
  const judge = async (
    metadataApi: MetadataApi,
    deno?: string,
    now = "2027-03-03",
  ) => {
    const canaries = facts.canaries.map(({ result, ...others }) => {
      const identity = { ...result.identity!, deno };
      return { ...others, result: { ...result, identity } };
    });
    const findings = await diagnose({
      ...facts,
      metadataApi,
      canaries,
      now: Date.parse(now),
    });
    return findings.map(titleOf).filter((it) =>
      /^(applications|impersonation|release|deno) /.test(it)
    ).sort().join();
  };
  const sound = "applications ok,impersonation note,release ok";
  const old = "applications ok,impersonation warning,release ok";
  assert.equal(await judge("v2"), sound);
  assert.equal(await judge("v2beta"), old);
  assert.equal(await judge("management_v1"), old.replace(" ok", " broken"));
  assert.equal(await judge("v2", "2.9.6"), sound);
  assert.equal(await judge("v2", "2.10.0", "2030-01-01"), sound);
  const unfixed = "applications ok,deno warning,impersonation note,release ok";
  assert.equal(await judge("v2", "2.9.6", "2027-03-05"), unfixed);
});

/** An instance that lists what the sandbox does not have. */
function instanceOf(lists: Record<string, readonly unknown[]>): Instance {
  const service = () =>
    Object.fromEntries(
      Object.entries(lists).map(([name, result]) => [name, () =>
        Promise.resolve({
          result,
          details: { totalResult: BigInt(result.length) },
        })]
      ),
    );
  return { origin: "", token: "", service } as unknown as Instance;
}

Deno.test("doctor warns of what is deactivated and still counts", async () => {
  await using it = await soundInstance();
  const facts = await gather(it);
  const [organization] = facts.listed;
  const own = facts.projects!.value!.projects[0]!;
  const { id, name } = organization!;
  const state = OrganizationState.INACTIVE;
  const owner = instanceOf({
    listOrganizations: [{ id, name, state }],
    listProjects: [{ ...own, state: ProjectState.INACTIVE }],
    listProjectRoles: [],
    listApps: [],
    listProjectGrants: [{
      grantedOrgId: "7",
      grantedOrgName: "Customer",
      state: ProjectGrantState.INACTIVE,
    }],
    listOrgMembers: [],
    listIAMMembers: [],
  });
  const listed = await listOrganizations(owner);
  const projects = { value: await gatherOwnedProjects(owner, listed) };
  const judge = async (changed: Partial<Config>) => {
    const config = { value: { ...facts.config.value!, ...changed } };
    const changedFacts = { ...facts, owner, listed, projects, config };
    return (await collect(async (report) => {
      await judgeCustomers(changedFacts, report);
      judgeDeactivated(changedFacts, report);
    })).filter(({ check }) => check === "deactivated")
      .map(({ items }) => items[0]);
  };
  const project = `project ${own.name} (${own.id})`;
  const grant = `grant of ${project} to Customer (7)`;
  assert.deepEqual(await judge({}), [
    grant,
    `organization ${name} (${id})`,
    project,
  ]);
  const grantedBy = new Set(["1"]);
  assert.deepEqual(await judge({ grantedBy }), [grant, project]);
  const others = { projects: new Set(["8"]), grantedBy };
  assert.deepEqual(await judge(others), []);
});

Deno.test("doctor names service users with a manager's role that the function does not use", async () => {
  await using it = await soundInstance();
  partsOf(it).addTarget("Staging");
  const facts = await gather(it);
  /** What `setup` wrote after "created by setup"; `undefined` if it did not create it. */
  const marks: Record<string, string | undefined> = {
    old: " for ours",
    older: "",
    left: " for Deleted",
    staging: " for Staging",
    other: undefined,
    alice: undefined,
    login: undefined,
    [facts.me!.id]: "",
    [facts.credential!.value!.id]: "",
  };
  const descriptionOf = (name: string) =>
    `Reads role mappings for the permissions function (created by setup${
      marks[name] ?? " by hand"
    })`;
  const names = Object.keys(marks);
  const owner = instanceOf({
    listIAMMembers: names.map((userId) => ({
      userId,
      preferredLoginName: userId,
      userType: userId === "alice" ? Type.HUMAN : Type.MACHINE,
      roles: [userId === "login" ? "IAM_LOGIN_CLIENT" : "IAM_OWNER_VIEWER"],
    })),
    listUsers: names.map((userId) => ({
      userId,
      type: { case: "machine", value: { description: descriptionOf(userId) } },
    })),
  });
  const findings = combineFindings(
    await collect((report) => judgeManagers({ ...facts, owner }, report)),
  );
  const item = (name: string) => `service user ${name} (IAM_OWNER_VIEWER)`;
  assert.deepEqual(
    findings.filter(({ check }) => check === "managers")
      .map(({ level, items }) => [level, ...items]),
    [
      ["warning", item("old"), item("older"), item("left")],
      ["note", item("staging"), item("other")],
    ],
  );
});

Deno.test("judgeClock() compares with what the signature tolerates", async () => {
  const seen: Record<number, RegExp> = {
    0.4: /^ok .* agree$/,
    [-29]: /^ok /,
    31: /^warning its clock is 31 s ahead of this machine's$/,
    [-299]: /^warning its clock is 299 s behind this machine's$/,
    300: /^broken /,
    [-4000]: /^broken /,
  };
  for (const [seconds, expected] of Object.entries(seen)) {
    const [found] = await collect((report) =>
      judgeClock("its", Number(seconds), report)
    );
    assert.match(`${found!.level} ${found!.seen}`, expected);
  }
});

Deno.test("judgeTls() warns of plain http beyond this machine only", async () => {
  const levels: Record<string, Level> = {
    "https://a.example": "ok",
    "http://localhost:8080": "ok",
    "http://127.0.0.1": "ok",
    "http://a.example": "warning",
    "http://127.0.0.1.a.example": "warning",
  };
  for (const [address, level] of Object.entries(levels)) {
    const [found] = await collect((report) => judgeTls("it", address, report));
    assert.equal(found!.level, level, address);
  }
});

Deno.test("outcomeOf() is that of the worst finding", () => {
  const of = (...levels: Level[]) =>
    outcomeOf(levels.map((level) => finding("mapping", level, "")));
  assert.deepEqual(
    [of("ok", "note"), of("note", "warning"), of("warning", "broken")],
    ["done", "warnings", "failed"],
  );
});
