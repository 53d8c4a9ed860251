import assert from "node:assert/strict";
import type { Facts } from "../../../harness/doctor/facts.ts";
import { collect } from "../../../harness/doctor/finding.ts";
import { judgeManagers } from "../../../harness/doctor/judge_managers.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import { createCredential } from "../../../harness/zitadel/credential.ts";
import { addMember } from "../../../harness/zitadel/user.ts";
import { doctor } from "../../../tasks/doctor.ts";
import { createTestIo } from "../_test_io.ts";
import { examine, soundInstance } from "./_sound_instance.ts";

Deno.test("doctor names the managers who may write the mapping, and no viewers", async () => {
  await using it = await soundInstance();
  const { scratch, settings } = it;
  const { id } = scratch.organization;
  await addMember(it.instance, id, {
    user: scratch.person.id,
    role: "ORG_SETTINGS_MANAGER",
  });
  const writersWith = async (METADATA_ORGANIZATION: string) => {
    const findings = await examine(it, {
      settings: { ...settings, METADATA_ORGANIZATION },
    });
    const { level, items } = findings.find(({ check }) => check === "writers")!;
    assert.equal(level, "note");
    return items;
  };
  const { person } = scratch;
  // The sandbox names no login name.
  const isPerson = (item: string) =>
    [person.id, person.loginName].some((name) =>
      item === `user ${name} (ORG_SETTINGS_MANAGER)`
    );
  const fixed = await writersWith(id);
  assert.equal(fixed.filter(isPerson).length, 1, fixed.join());
  assert.ok(fixed.some((it) => it.endsWith(" (IAM_OWNER)")), fixed.join());
  assert.ok(!fixed.some((it) => it.includes("VIEWER")), fixed.join());
  const own = await writersWith("user");
  assert.equal(own.filter(isPerson).length, 0);
  assert.match(own.at(-1)!, /^each organization's ORG_OWNER/);
});

Deno.test("doctor names service users with a manager's role that the function does not use", () => {
  const manager = (id: string, loginName: string, createdFor?: string) => ({
    ...{ id, loginName, createdFor, roles: ["IAM_OWNER_VIEWER"] },
    isMachine: loginName !== "alice",
  });
  const target = (name: string) => ({ name, signingKey: `key of ${name}` });
  const findings = collect((report) =>
    judgeManagers({
      config: {
        value: { metadataOrganization: "user", signingKeys: ["key of Ours"] },
      },
      credential: { value: { id: "1" } },
      adminId: "2",
      targets: { value: [target("Ours"), target("Staging")] },
      managers: {
        value: [
          manager("1", "reader", "Ours"),
          manager("2", "admin"),
          manager("3", "old", "Ours"),
          manager("4", "older", ""),
          manager("5", "left", "Deleted"),
          manager("6", "staging", "Staging"),
          manager("7", "permissions-function"),
          { ...manager("8", "login"), roles: ["IAM_LOGIN_CLIENT"] },
          manager("9", "alice"),
        ],
      },
    } as unknown as Facts, report)
  ).filter(({ check }) => check === "managers");
  const item = (name: string) => `service user ${name} (IAM_OWNER_VIEWER)`;
  assert.deepEqual(findings.map(({ level, items }) => [level, items]), [
    ["warning", [item("old")]],
    ["warning", [item("older")]],
    ["warning", [item("left")]],
    ["note", [item("staging"), item("permissions-function")]],
  ]);
});

Deno.test("doctor refuses an env file of another instance, in one sentence", async () => {
  await using it = await soundInstance();
  const { io, errors, printed } = createTestIo({
    env: { ZITADEL_DOMAIN: "http://127.0.0.1:1" },
  });
  assert.equal(await doctor.run(["--env-file", it.envFile], io), 64);
  assert.match(errors(), /^error: \S+ belongs to another instance: /);
  assert.equal(printed(), "");
});

Deno.test("doctor diagnoses an instance that gives no token for ZITADEL_ADMIN_KEY_FILE", async () => {
  await using it = await soundInstance();
  const { value } = await createCredential(
    connect(it.sandbox.origin, it.sandbox.adminToken),
    { organization: it.scratch.organization.id, user: it.scratch.reader.id },
    { kind: "key", days: 1 },
  );
  const path = await Deno.makeTempFile();
  it.stack.defer(() => Deno.remove(path));
  await Deno.writeTextFile(path, value);
  const { io, printed, errors } = createTestIo({
    env: {
      ZITADEL_DOMAIN: "http://127.0.0.1:1",
      ZITADEL_ADMIN_KEY_FILE: path,
    },
  });
  assert.equal(await doctor.run(["--env-file", "/dev/null"], io), 2);
  assert.match(errors(), /^ZITADEL_ADMIN_KEY_FILE: .*cannot be reached/);
  assert.match(printed(), /^broken +instance: /m);
});
