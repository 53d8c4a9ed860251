import assert from "node:assert/strict";
import { findTrouble } from "../../../harness/setup/check_function.ts";
import { startFunction } from "../_function_server.ts";
import { serve } from "../_serve.ts";
import { createSetupScene, NOWHERE } from "./_setup_run.ts";

Deno.test("setup moves a bound target only to the function with its key", async (t) => {
  await using scene = await createSetupScene();
  const { expect, snapshot, folder, sandbox } = scene;
  await using server = await scene.connect();
  const before = await snapshot();
  const { token } = scene.scratch.reader;
  await Deno.writeTextFile(
    `${folder}/other.env`,
    `ACCESS_TOKEN=${token}\nAUTHORIZATION_SIGNING_KEY=another\n`,
  );
  await using other = startFunction(`${folder}/other.env`, sandbox.origin);
  await other.reload();
  await using anything = serve(() => Response.json({}));
  await using older = serve(async (request) => {
    const response = await fetch(server.endpoint, request);
    const text = await response.text();
    return new Response(text.includes("canary") ? "{}" : text, response);
  });
  const wrong: [string, string, RegExp][] = [
    [
      "another key",
      other.endpoint,
      /Cannot bind the target: .*does not accept the target's key yet\. Nothing was changed: the target stays at /,
    ],
    ["a server that accepts everything", anything.endpoint, /instead of 401/],
    ["nothing", NOWHERE, /did not answer/],
    [
      "a wrong path",
      `${server.endpoint}wrong`,
      /^Cannot bind the target: .*\/wrong answered 404; the function serves only `\/`\. Nothing was changed.*Check --endpoint/m,
    ],
    [
      "an older version",
      older.endpoint,
      /is an older version of the function: deploy this one/,
    ],
  ];
  for (const [name, endpoint, message] of wrong) {
    await t.step(name, async () => {
      await expect({ endpoint }, "Error", [message]);
      assert.deepEqual(await snapshot(), before);
    });
  }

  await t.step("a gateway that strips a prefix", async () => {
    await using gateway = serve((request) =>
      new URL(request.url).pathname === "/permissions"
        ? fetch(server.endpoint, request)
        : new Response(null, { status: 404 })
    );
    const endpoint = `${gateway.endpoint}permissions`;
    await expect({ endpoint }, "done");
    const { targets: [target] } = await snapshot();
    assert.equal(target!.endpoint, endpoint);
  });
});

Deno.test("setup --no-interrupt-on-error and --remove work while the function is down", async () => {
  await using scene = await createSetupScene();
  const { expect, snapshot } = scene;
  {
    await using _ = await scene.connect();
    await expect({ interruptOnError: true }, "done");
  }
  await expect({ interruptOnError: false }, "done");
  assert.equal((await snapshot()).targets[0]!.interruptOnError, false);
  await expect({ interruptOnError: true }, "Error", [
    "Cannot let logins depend on the function",
  ]);
  await expect({ remove: true }, "done");
  const { targets, executions } = await snapshot();
  assert.deepEqual([targets, executions], [[], {}]);
});

Deno.test("setup does not bind a target that was never bound to something else", async () => {
  await using scene = await createSetupScene();
  const { run, expect, snapshot, envFile, sandbox } = scene;
  await using server = startFunction(envFile, sandbox.origin);
  await run({ endpoint: `${server.endpoint}wrong` });
  await server.reload();
  const before = await snapshot();
  await expect({}, "Error", ["/wrong answered 404"]);
  assert.deepEqual(await snapshot(), before);
  await expect({ endpoint: server.endpoint }, "done");
});

Deno.test("setup --wait binds as soon as the function accepts the key", async () => {
  await using scene = await createSetupScene();
  await using server = startFunction(scene.envFile, scene.sandbox.origin);
  let waits = 0;
  await scene.expect({ endpoint: server.endpoint, wait: 60 }, "done", [], {
    progress: (text) => {
      if (!text?.startsWith("waiting for the function")) return;
      waits++;
      server.reload();
    },
  });
  assert.ok(waits > 0);
});

Deno.test("findTrouble() asks again, and returns what it saw last when the time is over", async () => {
  const asked = { endpoint: NOWHERE, signingKey: "key" };
  const waited: string[] = [];
  const trouble = await findTrouble(asked, {
    seconds: 0.05,
    retryMs: 1,
    onWait: (seen) => void waited.push(seen),
  });
  assert.match(trouble!.seen, /^http:\/\/127\.0\.0\.1:9\/ did not answer/);
  assert.equal(waited[0], trouble!.seen);
});
