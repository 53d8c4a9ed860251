/** Each command that a remedy names is run against the fault that it is for. */
import assert from "node:assert/strict";
import { REMEDIES } from "../../../lib/errors.ts";
import { CHECKS } from "../../../harness/doctor/checks.ts";
import type { Finding } from "../../../harness/doctor/finding.ts";
import type { GatherOptions } from "../../../harness/doctor/facts.ts";
import { DEFAULT_SERVICE_USER_NAME } from "../../../harness/zitadel/service_user.ts";
import { loadTask } from "../../_tasks.ts";
import { createTestIo } from "../_test_io.ts";
import { FAULTS, partsOf } from "./_faults.ts";
import { saveWorld, type Sound, soundInstance } from "./_sound_instance.ts";

/** A command in a text that is no alternative (those are in backticks). */
const COMMAND =
  /(?<!`)\bdeno task (?:setup|rotate|doctor|roles)(?: --[a-z-]+(?: (?:[A-Z]+\b|'[^']*'|ours\b|\d+s?\b|events\b|preuserinfo\b|roles\.json|https?:\S+|\/[\w./-]+))?)+/g;

const commandsIn = (text: string) => text.match(COMMAND) ?? [];

/** Runs a command as it stands. */
async function run(it: Sound, command: string) {
  const [, , name = "", ...args] = command.split(" ")
    .map((word) => word.replace(/^'|'$/g, ""));
  const { io, printed, errors } = createTestIo({
    env: { ZITADEL_ADMIN_TOKEN: it.sandbox.adminToken },
    answer: true,
  });
  const reloads: Promise<void>[] = [];
  const code = await (await loadTask(name)).run(args, {
    ...io,
    // A rotation waits until the function is restarted.
    progress: (text) =>
      void (text?.includes("is accepted") && reloads.push(it.server.reload())),
  });
  await Promise.all(reloads);
  return { code, printed: printed(), errors: errors() };
}

/** Writes the settings of a fault, as an operator has them. */
async function write(it: Sound, settings: GatherOptions["settings"]) {
  const lines = Object.entries(settings).flatMap(([name, value]) =>
    value === undefined || name === "ZITADEL_ADMIN_TOKEN"
      ? []
      : [`${name}='${value}'\n`]
  );
  await Deno.writeTextFile(it.envFile, lines.join(""));
}

async function examine(
  it: Sound,
  { org = [it.scratch.organization.id], clientId }: Partial<
    GatherOptions
  >,
): Promise<Finding[]> {
  const args = [
    ...org.flatMap((id) => ["--org", id]),
    ...clientId ? ["--client-id", clientId] : [],
  ];
  const { printed } = await run(
    it,
    ["deno task doctor --json --env-file", it.envFile, ...args].join(" "),
  );
  return JSON.parse(printed).findings;
}

/** Commands that look again, or that need a token or a file of other roles: a person's part. */
const LOOKS = [
  ...["reachable", "not_checked", "internal", "writers"],
  ...["expiry note", "mapping note"],
];

/** What a placeholder stands for, or a person adds. */
const COMPLETED: Readonly<Record<string, (it: Sound) => string>> = {
  target: ({ server }) => ` --endpoint ${server.endpoint}`,
};

/** Done when the function was restarted: the first run only prepares it. */
const TWICE = ["target", "expiry"];

/** The role is given to the user that `setup` created: see the next test. */
const OF_ITS_OWN_USER = ["org_read"];

/** A sandbox in which the name of setup's service user is free. */
async function createScene() {
  const it = await soundInstance();
  const { users } = it.sandbox.world;
  for (const { id, userName } of users.values()) {
    if (userName === DEFAULT_SERVICE_USER_NAME) users.delete(id);
  }
  const roles = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(roles, '{"admin": ["a"], "viewer": ["b"]}');
  it.stack.defer(() => Deno.remove(roles));
  return { ...it, roles, restore: saveWorld(it.sandbox.world) };
}

Deno.test("the commands that doctor advises fix what they are advised for", async (t) => {
  await using it = await createScene();
  const tried = new Set<string>();
  for (const { name, check, level, make } of FAULTS) {
    const skipped = [...LOOKS, ...OF_ITS_OWN_USER];
    if ([check, `${check} ${level}`].some((it) => skipped.includes(it))) {
      continue;
    }
    // Once for each finding: what differs more closely is advised alike.
    if (tried.has(`${check} ${level}`)) continue;
    await t.step(name, async () => {
      const options = await make(it);
      await write(it, options.settings ?? {});
      const isOf = (it: Finding) => it.check === check && it.level === level;
      const found = (await examine(it, options)).find(isOf);
      const [advised] = commandsIn(found?.fix?.split("\n")[0] ?? "");
      if (advised === undefined) return;
      tried.add(`${check} ${level}`);
      const command = advised.replace("roles.json", it.roles)
        .replace(/ --endpoint URL$/, COMPLETED[check]?.(it) ?? "$&");
      let { code, errors } = await run(it, command);
      await it.server.reload();
      // After the restart the same command continues.
      if (TWICE.includes(check)) ({ code, errors } = await run(it, command));
      assert.ok(code < 2, `${command}: ${code} ${errors}`);
      await it.server.reload();
      const left = (await examine(it, options)).find(isOf);
      assert.equal(left, undefined, command);
    });
    it.restore();
    await write(it, it.settings);
    await it.server.reload();
  }
  const advising = Object.entries(CHECKS)
    .filter(([, { fix }]) => commandsIn(fix.split("\n")[0]!).length > 0)
    .map(([check]) => check);
  assert.deepEqual(
    advising.filter((check) =>
      ![...tried].some((it) => it.startsWith(`${check} `))
    ),
    OF_ITS_OWN_USER,
  );
});

Deno.test("the commands in the log's remedies fix what they are logged for", async (t) => {
  await using it = await createScene();
  await write(it, { ...it.settings, CLIENT_SECRET: "wrong" });
  const broken = async () =>
    (await examine(it, {})).filter(({ level }) => level === "broken")
      .map(({ check, fix = "" }) => [check, commandsIn(fix)[0] ?? ""] as const);
  const fix = async (check: string, command: string) => {
    const found = await broken();
    assert.ok(
      found.some(([broken]) => broken === check),
      `${check} in ${found}`,
    );
    const { code, errors } = await run(
      it,
      `${command} --name ours --env-file ${it.envFile}`,
    );
    assert.equal(code, 0, errors);
    await it.server.reload();
    assert.deepEqual(await broken(), []);
  };
  const faults: Record<string, (command: string) => Promise<void>> = {
    credential_rejected: (command) => fix("credential", command),
    // Of the user that was just created.
    missing_permission(command) {
      const { members, users } = it.sandbox.world;
      const ours = [...users.values()]
        .find(({ userName }) => userName === DEFAULT_SERVICE_USER_NAME)!;
      const place = members.findIndex(({ userId }) => userId === ours.id);
      members.splice(place, 1);
      return fix("org_read", command);
    },
    wrong_path(command) {
      const { target } = partsOf(it);
      target.endpoint += "auth";
      return fix("canary", command.replace("URL", it.server.endpoint));
    },
    // Tried by doctor's check "expiry" above.
    expiring_credential: () => Promise.resolve(),
  };
  const advised = Object.entries(REMEDIES)
    .flatMap(([reason, text]) =>
      commandsIn(text).map((command) => [reason, command] as const)
    );
  assert.deepEqual(
    advised.map(([reason]) => reason).sort(),
    Object.keys(faults).sort(),
  );
  for (const [reason, make] of Object.entries(faults)) {
    const [, command] = advised.find(([of]) => of === reason)!;
    await t.step(`${reason}: ${command}`, () => make(command));
  }
});
