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
    projects: [],
    users: [],
    grants: [],
    tokens: [],
    application: { clientId: "", project: "" },
    metadata: { organization, entries: metadata },
    events,
  });
  const env = { ZITADEL_DOMAIN: stub.origin, ZITADEL_ADMIN_TOKEN: "admin" };
  const org = ["--org", organization, "--env-file", "/dev/null"];
  return await runTask(roles, [...args, ...org], { env });
}

interface Change {
  readonly at: string;
  readonly editor: { readonly name: string };
  readonly roles: readonly { readonly key: string }[];
}

/** The changes as `--json` has them. */
async function changesOf(
  recorded: Omit<RecordedHistory, "files">,
  ...args: readonly string[]
): Promise<Change[]> {
  const { code, stdout, stderr } = await run(
    ["history", "--json", ...args],
    recorded,
  );
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout).changes;
}

const keysOf = (changes: readonly Change[]) =>
  changes.flatMap(({ roles }) => roles.map(({ key }) => key));

for (const release of RELEASES) {
  Deno.test(`roles history names five changes by two users of ${release}, and export --at gives the file of then`, async () => {
    const recorded = await readHistory(release);
    const changes = await changesOf(recorded);
    assert.deepEqual(
      changes.map(({ editor }) => editor.name.slice(0, 3)),
      ["ann", "bob", "ann", "bob", "bob", "bob", "bob"],
    );
    const fileAt = async (at: string) =>
      JSON.parse((await run(["export", "--at", at], recorded)).stdout);
    for (const [index, last] of LAST_OF_FILE.entries()) {
      const { files } = recorded;
      assert.deepEqual(await fileAt(changes[last]!.at), files[index]);
      const first = changes[(LAST_OF_FILE[index - 1] ?? -1) + 1]!.at;
      const before = new Date(Date.parse(first) - 1).toISOString();
      assert.deepEqual(await fileAt(before), files[index - 1] ?? {});
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
  const all = await changesOf(recorded);
  const since = await changesOf(recorded, "--since", all[4]!.at);
  assert.deepEqual(since, all.slice(4));
  assert.deepEqual(
    keysOf(await changesOf(recorded, "--role", "editor")),
    ["editor", "123456:editor", "editor", "123456:editor", "editor"],
  );
  assert.deepEqual(
    keysOf(await changesOf(recorded, "--permission", "comments:read")),
    ["viewer"],
  );
  const { code } = await run(["history", "--since", "yesterday"], recorded);
  assert.equal(code, 64);
});

Deno.test("roles history names entries that the log does not explain, and export --at then prints nothing", async () => {
  const recorded = await readHistory("v4.13.1");
  const entry = { key: "old", value: btoa('["a"]') };
  const old = { ...recorded, metadata: [...recorded.metadata, entry] };
  for (const log of [old, { ...old, events: old.events.slice(2) }]) {
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
  const changes = await changesOf({ ...recorded, events, metadata: [] });
  assert.equal(changes.length, 1_201);
  assert.equal(changes.at(-1)!.roles.length, 1_200);
});
