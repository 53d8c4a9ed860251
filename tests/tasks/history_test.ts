import assert from "node:assert/strict";
import type { JsonObject } from "@bufbuild/protobuf";
import { roles } from "../../tasks/roles.ts";
import { FIXTURES_URL } from "../../harness/fixtures/fixture.ts";
import { startAccessStub } from "../harness/_access_stub.ts";
import { run as runTask } from "./_run.ts";

/** Five files, applied by two users of real instances, and the event log then. */
interface RecordedHistory {
  readonly organization: string;
  readonly files: readonly Record<string, unknown>[];
  readonly metadata: readonly {
    readonly key: string;
    readonly value: string;
  }[];
  readonly events: readonly JsonObject[];
}

const RELEASES = ["v3.4.9", "v4.6.5", "v4.13.1", "main"];

/** Which of the recorded changes completes each file: a file is written, then pruned. */
const LAST_OF_FILE = [0, 1, 2, 4, 6];

async function readHistory(release: string): Promise<RecordedHistory> {
  const file = new URL(`recorded/access/history_${release}.json`, FIXTURES_URL);
  return JSON.parse(await Deno.readTextFile(file));
}

async function run(
  args: readonly string[],
  { organization, events, metadata }: Omit<RecordedHistory, "files">,
) {
  await using stub = startAccessStub({
    settings: {},
    application: { clientId: "", project: "" },
    metadata: { organization, entries: metadata },
    projects: [],
    users: [],
    grants: [],
    tokens: [],
    events,
  });
  const env = { ZITADEL_DOMAIN: stub.origin, ZITADEL_ADMIN_TOKEN: "admin" };
  const org = ["--org", organization, "--env-file", "/dev/null"];
  return await runTask(roles, [...args, ...org], { env });
}

for (const release of RELEASES) {
  Deno.test(`roles history names five changes by two users of ${release}, and export --at gives the file of then`, async () => {
    const recorded = await readHistory(release);
    const { code, stdout, stderr } = await run(["history", "--json"], recorded);
    assert.equal(code, 0, stderr);
    const { changes } = JSON.parse(stdout);
    assert.deepEqual(
      changes.map(({ editor }: { editor: { name: string } }) =>
        editor.name.slice(0, 3)
      ),
      ["ann", "bob", "ann", "bob", "bob", "bob", "bob"],
    );
    for (const [index, last] of LAST_OF_FILE.entries()) {
      const at = changes[last].at;
      const then = await run(["export", "--at", at], recorded);
      assert.deepEqual(JSON.parse(then.stdout), recorded.files[index]);
      const first = changes[(LAST_OF_FILE[index - 1] ?? -1) + 1].at;
      const moment = new Date(Date.parse(first) - 1).toISOString();
      const before = await run(["export", "--at", moment], recorded);
      assert.deepEqual(
        JSON.parse(before.stdout),
        recorded.files[index - 1] ?? {},
      );
    }
  });
}

Deno.test("roles history says what each role gained and lost, and which plain entry applies then", async () => {
  const recorded = await readHistory("v4.13.1");
  const { stdout } = await run(["history"], recorded);
  assert.match(
    stdout,
    /^2026-.*Z {2}bob-\S+ \(\d+\)\n {2}editor\n {4}- posts:write\n {2}viewer\n {4}\+ comments:read$/m,
  );
  assert.match(
    stdout,
    /123456:editor \(removed\)\n {4}! the plain entry editor applies/,
  );
});

Deno.test("roles history takes --since, --role and --permission", async () => {
  const recorded = await readHistory("v4.13.1");
  const changesOf = async (...args: string[]) =>
    JSON.parse((await run(["history", "--json", ...args], recorded)).stdout)
      .changes;
  const all = await changesOf();
  assert.deepEqual(await changesOf("--since", all[4].at), all.slice(4));
  const ofEditor = await changesOf("--role", "editor");
  assert.deepEqual(
    ofEditor.flatMap(({ roles }: { roles: { key: string }[] }) =>
      roles.map(({ key }) => key)
    ),
    ["editor", "123456:editor", "editor", "123456:editor", "editor"],
  );
  const ofComments = await changesOf("--permission", "comments:read");
  assert.equal(ofComments.length, 1);
  assert.deepEqual(ofComments[0].roles.map(({ key }: { key: string }) => key), [
    "viewer",
  ]);
  assert.equal(
    (await run(["history", "--since", "yesterday"], recorded)).code,
    64,
  );
});

Deno.test("roles history names entries that the log does not explain, and export --at then prints nothing", async () => {
  const recorded = await readHistory("v4.13.1");
  const cut = { ...recorded, events: recorded.events.slice(2) };
  const old = {
    ...recorded,
    metadata: [...recorded.metadata, { key: "old", value: btoa('["a"]') }],
  };
  for (const log of [old, { ...cut, metadata: old.metadata }]) {
    const history = await run(["history"], log);
    assert.equal(history.code, 1);
    assert.match(history.stdout, /^warning {2}the event log .*: .*old$/m);
    const exported = await run(["export", "--at", "2027-01-01"], log);
    assert.equal(exported.code, 2);
    assert.equal(exported.stdout, "");
    assert.match(
      exported.stderr,
      /Cannot tell the mapping of 2027-01-01T00:00:00\.000Z/,
    );
  }
});

Deno.test("roles history reads a log page by page and understands removed.all", async () => {
  const recorded = await readHistory("v4.13.1");
  const [event] = recorded.events;
  const events: JsonObject[] = Array.from({ length: 1_200 }, (_, index) => ({
    ...event,
    sequence: String(index + 1),
    creationDate: new Date(1_700_000_000_000 + index * 1_000).toISOString(),
    payload: { key: `role-${index}`, value: btoa('["a"]') },
  }));
  events.push({
    ...event,
    sequence: "1201",
    creationDate: new Date(1_800_000_000_000).toISOString(),
    payload: {},
    type: { type: "org.metadata.removed.all" },
  });
  const { code, stdout } = await run(["history", "--json"], {
    ...recorded,
    events,
    metadata: [],
  });
  assert.equal(code, 0);
  const { changes } = JSON.parse(stdout);
  assert.equal(changes.length, 1_201);
  assert.equal(changes.at(-1).roles.length, 1_200);
});
