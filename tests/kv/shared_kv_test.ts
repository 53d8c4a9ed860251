import assert from "node:assert/strict";
import type { FunctionProcess } from "../../harness/function/function_process.ts";
import { startKvServer } from "../../harness/test/kv_server.ts";
import { startUpstreamServer } from "../../harness/fixtures/upstream_server.ts";
import { UPSTREAM_TOKEN } from "../../harness/sandbox/upstream.ts";
import { waitUntil } from "../../harness/util/wait_until.ts";
import { post, SIGNING_KEY, start } from "./_sharing_function.ts";

const ORGANIZATION = "400925124561144870";

/** A change is to be seen by every process within this time, in milliseconds. */
const WITHIN_MS = 1_000;

/** KV's client tries again ever more slowly while its server is away, in milliseconds. */
const RECOVERY_MS = 15_000;

/** What must never reach KV. */
const PERSONAL = "canary-of-a-person";

function encode(permissions: readonly string[]): string {
  return new TextEncoder().encode(JSON.stringify(permissions)).toBase64();
}

/** The role `viewer` of the one organization. */
const metadata: Record<string, string> = { viewer: encode(["old"]) };

function startUpstream() {
  return startUpstreamServer({
    organizations: { [ORGANIZATION]: { readable: true, metadata } },
  });
}

function permit(permission: string): void {
  metadata.viewer = encode([permission]);
}

/** Asks a function what the role permits, as ZITADEL does for a token, and gives that and where it came from. */
async function ask(running: FunctionProcess): Promise<string> {
  const answers = () =>
    running.lines.filter((line) => line.includes('"source"'));
  const before = answers().length;
  const reply = await post(running, {
    function: "function/preaccesstoken",
    user: { id: PERSONAL, human: { email: PERSONAL } },
    org: { id: ORGANIZATION, name: PERSONAL },
    user_grants: [{
      project_id: "1",
      roles: ["viewer"],
      resource_owner: ORGANIZATION,
      state: 1,
    }],
  });
  await waitUntil(
    () => Promise.resolve(answers().length > before),
    { what: "the function logs its answer" },
  );
  const { source } = JSON.parse(answers().at(-1)!);
  return `${reply.append_claims[0].value.join()} from ${source}`;
}

/** The sequence of the last event. */
let lastSequence = 0;

/** Tells a function that the metadata changed, as ZITADEL does. */
async function sendEvent(
  running: FunctionProcess,
  sequence = ++lastSequence,
): Promise<void> {
  await post(running, {
    sequence,
    aggregateID: ORGANIZATION,
    aggregateType: "org",
    event_type: "org.metadata.set",
    userID: PERSONAL,
    event_payload: { key: "viewer", value: PERSONAL },
  });
}

async function eventually(
  condition: () => Promise<boolean>,
  what: string,
  timeoutMs = WITHIN_MS,
): Promise<void> {
  await waitUntil(condition, { what, timeoutMs });
}

Deno.test("two functions over one KV server", async (t) => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/kv.sqlite`;
  await using upstream = startUpstream();
  let server = await startKvServer({ file });
  const port = Number(new URL(server.url).port);
  try {
    await using one = await start(upstream, server);
    await using other = await start(upstream, server);

    await t.step("ask ZITADEL once for both", async () => {
      assert.equal(await ask(one), "old from zitadel");
      await eventually(
        async () => await ask(other) === "old from memory",
        "the other answers from memory",
      );
      assert.equal(upstream.requests, 1);
    });

    await t.step("both see a change within a second of its event", async () => {
      permit("new");
      await sendEvent(one);
      assert.equal(await ask(one), "new from zitadel");
      await eventually(
        async () => /^new/.test(await ask(other)),
        "the other serves the change",
      );
      assert.equal(upstream.requests, 2);
    });

    await t.step("spare a new process the call to ZITADEL", async () => {
      await using third = await start(upstream, server);
      assert.equal(await ask(third), "new from kv");
      assert.equal(upstream.requests, 2);

      // Which did not see the event.
      await sendEvent(third, lastSequence);
      assert.equal(await ask(third), "new from memory");
    });

    await t.step("do nothing at a replayed event", async () => {
      for (const running of [one, other]) {
        await ask(running);
        await sendEvent(running, lastSequence);
        assert.equal(await ask(running), "new from memory");
      }
      assert.equal(upstream.requests, 2);
    });

    await t.step(
      "keep other organizations' mappings through a burst of one's events",
      async () => {
        await Promise.all(
          Array.from({ length: 60 }, (_, index) =>
            post(one, {
              event_type: "org.metadata.set",
              aggregateID: "another organization",
              sequence: index + 1,
            })),
        );
        for (const running of [one, other]) {
          assert.equal(await ask(running), "new from memory");
        }
        assert.equal(upstream.requests, 2);
      },
    );

    await t.step("answer while the KV server is down", async () => {
      await server.kill();
      assert.equal(await ask(one), "new from memory");
      permit("newer");
      await sendEvent(one);
      assert.equal(await ask(one), "newer from zitadel");
    });

    await t.step("see changes again once it is back", async () => {
      server = await startKvServer({ file, port });
      permit("newest");
      await eventually(
        async () => {
          await sendEvent(one);
          return /^newest/.test(await ask(other));
        },
        "the other serves the change",
        RECOVERY_MS,
      );
      permit("last");
      await sendEvent(other);
      assert.equal(await ask(other), "last from zitadel");
      await eventually(
        async () => /^last/.test(await ask(one)),
        "the first serves the change",
      );
    });

    await t.step("keep nothing personal in KV", async () => {
      // The files of SQLite, the journal too, hold all that was ever written.
      for await (const { name } of Deno.readDir(folder)) {
        const bytes = await Deno.readTextFile(`${folder}/${name}`);
        for (const secret of [PERSONAL, UPSTREAM_TOKEN, SIGNING_KEY]) {
          assert.ok(!bytes.includes(secret), `${name} holds ${secret}`);
        }
      }
    });

    await t.step("end in good order", async () => {
      assert.equal(await one.stop("SIGTERM"), 0);
      assert.equal(await other.stop("SIGINT"), 0);
    });
  } finally {
    await server.kill();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a function whose KV server is down at its start answers from ZITADEL", async () => {
  const folder = await Deno.makeTempDir();
  permit("old");
  await using upstream = startUpstream();
  const server = await startKvServer({ file: `${folder}/kv.sqlite` });
  await server.kill();
  await using running = await start(upstream, server);
  assert.equal(await ask(running), "old from zitadel");
  assert.ok(running.lines.some((line) => line.includes("Cannot open Deno KV")));
  await Deno.remove(folder, { recursive: true });
});
