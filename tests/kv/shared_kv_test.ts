import assert from "node:assert/strict";
import type { FunctionProcess } from "../../harness/function/function_process.ts";
import { startKvServer } from "../../harness/test/kv_server.ts";
import {
  createUpstream,
  UPSTREAM_TOKEN,
} from "../../harness/sandbox/upstream.ts";
import { eventually, loginOf, serve } from "../main/_loopback.ts";
import { post, SIGNING_KEY, start } from "./_sharing_function.ts";

const ORGANIZATION = "400925124561144870";

/** KV's client tries again ever more slowly while its server is away, in milliseconds. */
const RECOVERY_MS = 15_000;

/** What must never reach KV. */
const PERSONAL = "canary-of-a-person";

/** A ZITADEL on loopback whose one organization gives the role `viewer` one permission. */
function serveUpstream() {
  const encode = (permission: string) => btoa(JSON.stringify([permission]));
  const metadata = { viewer: encode("old") };
  const upstream = createUpstream({
    organizations: { [ORGANIZATION]: { readable: true, metadata } },
  });
  return {
    ...serve((request) => upstream.fetch(request)),
    requests: () => upstream.requests,
    permit: (permission: string) => void (metadata.viewer = encode(permission)),
  };
}

/** Asks a function what the role permits, as ZITADEL does for a token, and gives that and where it came from. */
async function ask(running: FunctionProcess): Promise<string> {
  const answers = () =>
    running.lines.filter((line) => line.includes('"source"'));
  const before = answers().length;
  const reply = await post(running, {
    ...loginOf(ORGANIZATION),
    user: { id: PERSONAL, human: { email: PERSONAL } },
    org: { id: ORGANIZATION, name: PERSONAL },
  });
  await eventually(
    "the function logs its answer",
    () => answers().length > before,
    RECOVERY_MS,
  );
  const { source } = JSON.parse(answers().at(-1)!);
  return `${reply.append_claims[0].value.join()} from ${source}`;
}

/** Waits until a function answers so, without an event of its own. */
async function untilSaid(
  running: FunctionProcess,
  expected: RegExp,
): Promise<void> {
  const isSaid = async () => expected.test(await ask(running));
  await eventually(`the other says ${expected}`, isSaid);
}

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

Deno.test("two functions over one KV server", async (t) => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/kv.sqlite`;
  await using upstream = serveUpstream();
  const { origin, permit, requests } = upstream;
  let server = await startKvServer({ file });
  const port = Number(new URL(server.url).port);
  try {
    await using one = await start(origin, server);
    await using other = await start(origin, server);

    await t.step("ask ZITADEL once for both", async () => {
      assert.equal(await ask(one), "old from zitadel");
      await untilSaid(other, /^old from memory$/);
      assert.equal(requests(), 1);
    });

    await t.step("both see a change within a second of its event", async () => {
      permit("new");
      await sendEvent(one);
      assert.equal(await ask(one), "new from zitadel");
      await untilSaid(other, /^new/);
      assert.equal(requests(), 2);
    });

    await t.step("spare a new process the call to ZITADEL", async () => {
      await using third = await start(origin, server);
      assert.equal(await ask(third), "new from kv");
      // Which did not see the event.
      await sendEvent(third, lastSequence);
      assert.equal(await ask(third), "new from memory");
      assert.equal(requests(), 2);
    });

    await t.step("do nothing at a replayed event", async () => {
      for (const running of [one, other]) {
        await ask(running);
        await sendEvent(running, lastSequence);
        assert.equal(await ask(running), "new from memory");
      }
      assert.equal(requests(), 2);
    });

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
      await eventually("the other serves the change", async () => {
        await sendEvent(one);
        return /^newest/.test(await ask(other));
      }, RECOVERY_MS);
      permit("last");
      await sendEvent(other);
      assert.equal(await ask(other), "last from zitadel");
      await untilSaid(one, /^last/);
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
  } finally {
    await server.kill();
    await Deno.remove(folder, { recursive: true });
  }
});
