import assert from "node:assert/strict";
import { explain } from "../../tasks/explain.ts";
import { roles } from "../../tasks/roles.ts";
import type { Task } from "../../harness/cli/task.ts";
import {
  readRecordedAccess,
  type RecordedAccess,
  startAccessStub,
} from "../harness/_access_stub.ts";
import { run as runTask } from "./_run.ts";

const RELEASES = ["v3.4.9", "v4.13.1"];

/** Every permission of the recorded mapping. */
const NAMES = ["posts:read", "posts:write", "billing:write", "admin:all"];

/** Names that no entry has. */
const OTHERS = ["secret:read", "Posts:Read", "nothing:here"];

interface RunOptions {
  readonly rights?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

async function run(
  recorded: RecordedAccess,
  task: Task,
  args: readonly string[],
  { rights = ["iam.read"], env = {} }: RunOptions = {},
) {
  await using stub = startAccessStub(recorded, { rights });
  return await runTask(task, [...args, "--env-file", "/dev/null"], {
    env: {
      ...recorded.settings,
      ...env,
      ZITADEL_DOMAIN: stub.origin,
      ZITADEL_ADMIN_TOKEN: "admin",
    },
  });
}

/** The permissions of grants for which nothing must be requested. */
function sentPermissions(
  grants: readonly {
    readonly why?: string;
    readonly scopes?: string;
    readonly roles: readonly { readonly permissions: readonly string[] }[];
  }[],
): string[] {
  const sent = grants.filter(({ why, scopes }) => !why && !scopes);
  return [
    ...new Set(
      sent.flatMap(({ roles }) => roles.flatMap((it) => it.permissions)),
    ),
  ];
}

for (const release of RELEASES) {
  Deno.test(`explain --user and --permission say what real tokens of ${release} hold, and a reason for what they lack`, async (t) => {
    const recorded = await readRecordedAccess(`users_${release}`);
    const { application, tokens, users } = recorded;
    for (const { kind, user, plain, requested } of tokens) {
      const found = users.find(({ userId }) => userId === user)!;
      const name = String(found.preferredLoginName);
      const options = found.human
        ? ["--application", application.clientId]
        : [];
      const ask = async (...args: string[]) => {
        const all = [...args, ...options, "--json"];
        const { code, stdout, stderr } = await run(recorded, explain, all);
        assert.equal(code, 0, stderr);
        return JSON.parse(stdout);
      };
      await t.step(`${name}: ${kind}`, async () => {
        const { permissions, grants, why } = await ask("--user", name);
        assert.deepEqual(permissions, requested ?? []);
        assert.deepEqual(sentPermissions(grants), plain ?? []);
        if (grants.length === 0) assert.equal(why, "the user has no grants");
        for (const permission of NAMES) {
          const { answer: { kind, by } } = await ask(
            "--user",
            user,
            "--permission",
            permission,
          );
          const isHeld = plain?.includes(permission) ?? false;
          const isRequested = requested?.includes(permission) ?? false;
          assert.equal(kind === "held", isHeld, permission);
          assert.equal(
            kind === "must_request",
            isRequested && !isHeld,
            permission,
          );
          if (kind === "not_counted") {
            for (const { why } of by) {
              assert.match(why, /not active|GRANTED_BY|PROJECTS/);
            }
          }
        }
      });
    }
  });
}

Deno.test("explain --user prints a table, what does not count, and what must be requested", async () => {
  const recorded = await readRecordedAccess("users_v4.13.1");
  const { stdout } = await run(recorded, explain, ["--user", "m8"]);
  assert.match(stdout, /^ {2}project +granted by +role +entry +permissions$/m);
  assert.match(
    stdout,
    /^ {2}does not count: editor of Storefront .*: GRANTED_BY does not list/m,
  );
  assert.match(
    stdout,
    /^ {2}must be requested: .*scope "urn:zitadel:iam:org:project:id:\d+:aud urn:zitadel:iam:org:projects:roles"$/m,
  );
  assert.match(stdout, /^rules: METADATA_ORGANIZATION=\d+ PROJECTS=/m);
});

Deno.test("explain --user and roles who refuse a token that does not see the whole instance", async () => {
  const recorded = await readRecordedAccess("users_v4.13.1");
  const commands = [
    [explain, ["--user", "m8"]],
    [roles, ["who", "posts:read"]],
  ] as const;
  for (const [task, args] of commands) {
    const { code, stderr } = await run(recorded, task, args, {
      rights: [],
    });
    assert.equal(code, 2);
    assert.match(
      stderr,
      /iam\.read is needed to see the grants of all organizations: give the user IAM_OWNER_VIEWER/,
    );
  }
});

Deno.test("explain takes either a file or --user", async () => {
  const recorded = await readRecordedAccess("users_v4.13.1");
  for (const args of [[], ["file.json", "--user", "m8"]]) {
    assert.equal((await run(recorded, explain, args)).code, 64);
  }
});

for (const release of RELEASES) {
  Deno.test(`roles who names the users whose real tokens of ${release} have the permission`, async () => {
    const recorded = await readRecordedAccess(`users_${release}`);
    for (const permission of [...NAMES, ...OTHERS]) {
      const args = ["who", permission, "--json"];
      const { code, stdout } = await run(recorded, roles, args);
      assert.equal(code, 0);
      const { holders } = JSON.parse(stdout);
      const found = holders.filter(({ why }: { why?: string }) => !why)
        .map(({ user_id }: { user_id: string }) => user_id);
      const expected = recorded.tokens
        .filter(({ requested }) => requested?.includes(permission))
        .map(({ user }) => user);
      assert.deepEqual([...new Set(found)].sort(), expected.sort(), permission);
    }
  });
}

Deno.test("roles who lists each of 250 grants once, and a user who is locked apart", async () => {
  const recorded = await readRecordedAccess("users_v4.13.1");
  const [grant] = recorded.grants.filter(({ roleKeys }) =>
    JSON.stringify(roleKeys) === '["viewer"]'
  );
  const many = Array.from({ length: 250 }, (_, index) => ({
    ...grant,
    id: `grant-${index}`,
    userId: `user-${index}`,
    orgId: recorded.metadata.organization,
  }));
  const users = [{
    userId: "user-7",
    state: "USER_STATE_LOCKED",
    preferredLoginName: "seven",
  }];
  const { stdout } = await run(
    { ...recorded, grants: many, users },
    roles,
    ["who", "posts:read"],
    { env: { PROJECTS: String(grant!.projectId) } },
  );
  assert.match(stdout, /^249 users can get it in tokens$/m);
  assert.match(stdout, /user-7 +viewer +no: the user is locked$/m);
});

Deno.test("roles who names the entries that grant a permission, also if no user has a grant", async () => {
  const recorded = await readRecordedAccess("users_v4.13.1");
  const who = async (name: string) =>
    (await run({ ...recorded, grants: [] }, roles, ["who", name])).stdout;
  assert.match(await who("posts:read"), /^granted by viewer, in organization/m);
  assert.match(await who("nothing:here"), /^No entry grants it\.$/m);
});
