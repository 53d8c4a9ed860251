import assert from "node:assert/strict";
import { Interrupted } from "../../../harness/cli/errors.ts";
import { proveDelivery } from "../../../harness/setup/prove_delivery.ts";
import { listTargets } from "../../../harness/zitadel/target.ts";
import { doctor } from "../../../tasks/doctor.ts";
import { rotate } from "../../../tasks/rotate.ts";
import { addTarget } from "../_add_target.ts";
import { startFunction } from "../_function_server.ts";
import { run as runTask } from "../../tasks/_run.ts";
import { serve } from "../_serve.ts";
import { createSetupScene, EVENTS, PREACCESSTOKEN } from "./_setup_run.ts";

const NAME = "Authorization Webhook";

/** An address at which only ZITADEL reaches the function, or no one. */
function serveInside(to: () => string | undefined) {
  return serve((request) => {
    const agent = request.headers.get("user-agent") ?? "";
    const target = agent.startsWith("Go-http-client/") ? to() : undefined;
    return target === undefined
      ? new Response("not here", { status: 404 })
      : fetch(target, request);
  });
}

Deno.test("setup --probe binds once ZITADEL was seen to reach the endpoint, and leaves nothing of that", async () => {
  await using scene = await createSetupScene();
  const { expect, instance, envFile, sandbox, snapshot } = scene;
  await using server = startFunction(envFile, sandbox.origin);
  await using inside = serveInside(() => server.endpoint);
  const heard: string[] = [];
  await using theirs = serve(async (request) => {
    heard.push((await request.json()).event_type);
    return Response.json({});
  });
  const { endpoint } = theirs;
  const other = await addTarget(instance, { name: "theirs", endpoint });
  await scene.bind(EVENTS, other.id);
  const options = { endpoint: inside.endpoint, probe: server.endpoint };
  const { metadata } = await snapshot();

  await expect(options, "failed", [
    /! from here .* answered 404; .*ZITADEL shows/,
    /^Not bound: .* answered 503$/m,
  ]);
  await server.reload();
  await expect(options, "done");
  const after = await snapshot();
  const [ours] = after.targets;
  assert.equal(ours!.endpoint, inside.endpoint);
  assert.deepEqual(after.executions, {
    [EVENTS]: [other.id],
    [PREACCESSTOKEN]: [ours!.id],
  });
  assert.deepEqual(after.metadata, metadata);
  // They went on hearing of what changed.
  assert.ok(heard.includes("org.metadata.set"), heard.join());
  await expect(options, "done", [/^Nothing to change\.$/m]);

  const env = {
    ZITADEL_DOMAIN: sandbox.origin,
    ZITADEL_ADMIN_TOKEN: sandbox.adminToken,
  };
  const at = ["--probe", server.endpoint, "--env-file", envFile];
  const { stdout } = await runTask(doctor, [...at, "--json"], { env });
  const { level, seen } = JSON.parse(stdout).findings
    .find(({ check }: { check: string }) => check === "canary");
  assert.equal(level, "ok", seen);
  const { code, stderr } = await runTask(rotate, [...at, "--yes"], {
    env,
    progress: (text) => void (text?.startsWith("waiting") && server.reload()),
  });
  assert.equal(code, 0, stderr);
  const [rotated] = await listTargets(instance);
  assert.equal(rotated!.endpoint, inside.endpoint);
  assert.notEqual(rotated!.signingKey, ours!.signingKey);
});

Deno.test("setup --probe does not bind if ZITADEL does not reach the endpoint, and unbinds", async () => {
  await using scene = await createSetupScene();
  const { run, expect, envFile, sandbox, snapshot } = scene;
  await using server = startFunction(envFile, sandbox.origin);
  await using inside = serveInside(() => undefined);
  const options = { endpoint: inside.endpoint, probe: server.endpoint };
  await run(options);
  await server.reload();
  const before = await snapshot();
  await expect(options, "failed", [
    /^Not bound: ZITADEL was not seen to reach http:/m,
    /^Next: run the same command again$/m,
  ]);
  assert.deepEqual(await snapshot(), before);

  const controller = new AbortController();
  await expect(options, "Interrupted", [], {
    signal: controller.signal,
    progress: (text) => {
      if (text?.startsWith("checking that ZITADEL")) {
        setTimeout(() => controller.abort(new Interrupted("stopped")), 50);
      }
    },
  });
  assert.deepEqual(await snapshot(), before);
});

Deno.test("proveDelivery() does not take an event for its own that the process had before, gives up after 20, and unbinds only what is as it bound it", async () => {
  await using scene = await createSetupScene();
  const { instance, scratch } = scene;
  const { id: organization } = scratch.organization;
  const sequence = await scene.setEntry("any", "[]");
  const { id: target } = await addTarget(instance, { name: NAME });
  // As of another organization, by chance.
  const event = sequence + 1;
  await using stub = serve(async () => {
    // Someone else binds the event at the same time.
    await scene.bind("event/org.metadata.set", target, target);
    return Response.json({
      canary: { process: "a", version: "1", credential: "c", event },
    });
  });
  const proof = proveDelivery(instance, {
    target,
    organization,
    probe: stub.endpoint,
    signingKey: "key",
    pollMs: 0,
  });
  await assert.rejects(proof, /someone else changed event\/org\.metadata\.set/);
  const after = await scene.setEntry("any", "[]");
  // At the end the entry is removed; writing what is there is no event.
  assert.equal(after - sequence, 21);
});

Deno.test("setup --probe moves a bound target by a stand-in, whose key the function has before", async () => {
  await using scene = await createSetupScene();
  const { expect, settings, snapshot } = scene;
  await using server = await scene.connect({ also: ["events"] });
  const before = await snapshot();
  let isOpen = false;
  await using inside = serveInside(() => isOpen ? server.endpoint : undefined);
  const options = { endpoint: inside.endpoint, probe: server.endpoint };

  await expect(options, "failed", [
    '+ target "Authorization Webhook (probe)": ',
    /^Not bound: .*\(probe\)"\)$/m,
  ]);
  const { AUTHORIZATION_SIGNING_KEY: keys } = await settings();
  assert.equal(keys!.split(",").length, 2);
  await server.reload();
  // The target's own binding to events still reaches the same process.
  await expect(options, "failed", ["ZITADEL was not seen to reach"]);
  isOpen = true;
  await expect(options, "done");
  const [{ targets: [target, ...others], ...after }, { targets: _, ...rest }] =
    [await snapshot(), before];
  assert.deepEqual(
    [target!.name, target!.endpoint, others],
    [NAME, inside.endpoint, []],
  );
  assert.deepEqual(after, rest);
});

Deno.test("setup --probe binds a target with payload type JWT by a stand-in, and --remove takes that too", async () => {
  await using scene = await createSetupScene();
  const { expect, instance, envFile, sandbox } = scene;
  await using server = startFunction(envFile, sandbox.origin);
  await using inside = serveInside(() => server.endpoint);
  const { endpoint } = inside;
  const names = async () =>
    (await listTargets(instance)).map(({ name }) => name);
  const options = { probe: server.endpoint };
  await addTarget(instance, { name: NAME, endpoint }, "jwt");
  await expect(options, "failed");
  assert.deepEqual(await names(), [`${NAME} (probe)`, NAME]);
  await expect({ remove: true }, "done");
  assert.deepEqual(await names(), []);

  const { id } = await addTarget(instance, { name: NAME, endpoint }, "jwt");
  await expect(options, "failed");
  await server.reload();
  await expect(options, "done");
  assert.deepEqual(await names(), [NAME]);
  const { executions } = await scene.snapshot();
  assert.deepEqual(executions, { [PREACCESSTOKEN]: [id] });
});

Deno.test("setup --also events drops the mapping that the function held before", async () => {
  await using scene = await createSetupScene();
  const { run, expect, write, permissions, scratch, roles } = scene;
  const { id } = scratch.organization;
  await write(`METADATA_ORGANIZATION=${id}\n`, { append: true });
  await using _ = await scene.connect({ projects: false });
  assert.equal((await permissions())!.length, 4);
  const file = await roles({ admin: ["a"], viewer: ["a"] });
  await run({ roles: file, projects: false });
  assert.equal((await permissions())!.length, 4);
  await expect({ also: ["events"], projects: false }, "done");
  for (let i = 0; i < 50 && (await permissions())!.length > 1; i++);
  assert.deepEqual(await permissions(), ["a"]);
});
