import assert from "node:assert/strict";
import {
  ProjectGrantState,
  ProjectState,
} from "@zitadel/proto/zitadel/project_pb";
import { OrganizationState } from "@zitadel/proto/zitadel/org/v2/org_pb";
import type { Facts } from "../../../harness/doctor/facts.ts";
import { collect } from "../../../harness/doctor/finding.ts";
import { judgeDeactivated } from "../../../harness/doctor/judge_projects.ts";
import type { Instance } from "../../../harness/zitadel/client.ts";
import { listOrganizations } from "../../../harness/zitadel/organization.ts";
import {
  listProjectGrants,
  listProjects,
} from "../../../harness/zitadel/project.ts";
import { gather, soundInstance } from "./_sound_instance.ts";

/** An instance whose every list has one active and one deactivated entry. */
function instanceOf(entries: readonly Record<string, unknown>[]): Instance {
  const details = { totalResult: BigInt(entries.length) };
  const list = () => Promise.resolve({ result: entries, details });
  const service = () => ({
    listProjects: list,
    listProjectGrants: list,
    listOrganizations: list,
  });
  return { origin: "", token: "", service } as unknown as Instance;
}

Deno.test("projects, project grants and organizations are listed with their state", async () => {
  const projects = await listProjects(
    instanceOf([
      { id: "1", state: ProjectState.ACTIVE },
      { id: "2", state: ProjectState.INACTIVE },
    ]),
    "9",
  );
  assert.deepEqual(projects.map(({ isActive }) => isActive), [true, false]);
  const grants = await listProjectGrants(
    instanceOf([
      { grantedOrgId: "1", state: ProjectGrantState.ACTIVE },
      { grantedOrgId: "2", state: ProjectGrantState.INACTIVE },
    ]),
    "9",
    "1",
  );
  assert.deepEqual(grants.map(({ isActive }) => isActive), [true, false]);
  const organizations = await listOrganizations(
    instanceOf([
      { id: "1", name: "a", state: OrganizationState.ACTIVE },
      { id: "2", name: "b", state: OrganizationState.INACTIVE },
    ]),
  );
  assert.deepEqual(organizations, [
    { id: "1", name: "a" },
    { id: "2", name: "b", isActive: false },
  ]);
});

Deno.test("judgeDeactivated() warns of what is deactivated and still counts", async () => {
  await using it = await soundInstance();
  const facts = await gather(it);
  const judge = (changed: Partial<Facts>) =>
    collect((report) => judgeDeactivated({ ...facts, ...changed }, report))
      .map(({ level, items }) => [level, ...items]);
  assert.deepEqual(judge({}), []);

  const organization = { id: "7", name: "Gone", isActive: false } as const;
  const [own] = facts.projects!.value!.projects;
  const projects = {
    value: {
      projects: [
        { ...own!, isActive: false },
        { ...own!, id: "8", isActive: false },
      ],
      isComplete: true,
    },
  };
  const customers = {
    value: { granted: [], owned: [], deactivated: ["grant of a to b"] },
  };
  // PROJECTS lists the first only.
  const found = { deactivated: [organization], projects, customers };
  assert.deepEqual(judge(found), [[
    "warning",
    "organization Gone (7)",
    `project ${own!.name} (${own!.id})`,
    "grant of a to b",
  ]]);
  const config = {
    value: { ...facts.config.value!, grantedBy: new Set(["1"]) },
  };
  const [limited] = judge({ deactivated: [organization], config });
  assert.equal(limited, undefined);
});
