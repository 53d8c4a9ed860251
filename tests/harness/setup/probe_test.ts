import assert from "node:assert/strict";
import { parseEnv } from "../../../harness/cli/env_file.ts";
import { Interrupted } from "../../../harness/cli/errors.ts";
import {
  listExecutions,
  setExecution,
} from "../../../harness/zitadel/execution.ts";
import { proveDelivery } from "../../../harness/setup/prove_delivery.ts";
import {
  listMetadata,
  setMetadata,
} from "../../../harness/zitadel/metadata.ts";
import {
  clientCredentials,
  roleScopes,
} from "../../../harness/zitadel/login.ts";
import { ownOrganization } from "../../../harness/zitadel/organization.ts";
import { createTarget, listTargets } from "../../../harness/zitadel/target.ts";
import { doctor } from "../../../tasks/doctor.ts";
import { rotate } from "../../../tasks/rotate.ts";
import { startFunction } from "../_function_server.ts";
import { createTestIo } from "../_test_io.ts";
import { serve } from "../_serve.ts";
import { createSetupScene } from "./_setup_run.ts";

type Scene = Awaited<ReturnType<typeof createSetupScene>>;

const NAME = "Authorization Webhook";
const PREACCESSTOKEN = "function/preaccesstoken";
const GROUP = "event/group/org.metadata";

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

/** What is left of it at ZITADEL, to be compared. */
async function traces({ instance }: Scene) {
  const { id } = await ownOrganization(instance);
  const { entries } = await listMetadata(instance, id);
  return {
    executions: await listExecutions(instance),
    targets: (await listTargets(instance)).map(({ name }) => name),
    entries: entries.map(({ key }) => key),
  };
}

Deno.test("setup --probe binds once ZITADEL was seen to reach the endpoint, and leaves nothing of that", async () => {
  await using scene = await createSetupScene();
  const { run, instance, envFile, sandbox } = scene;
  await using server = startFunction(envFile, sandbox.origin);
  await using inside = serveInside(() => server.endpoint);
  const heard: string[] = [];
  await using theirs = serve(async (request) => {
    heard.push((await request.json()).event_type);
    return Response.json({});
  });
  const other = await createTarget(instance, {
    name: "theirs",
    endpoint: theirs.endpoint,
    timeoutSeconds: 1,
    interruptOnError: false,
  });
  await setExecution(instance, { condition: GROUP, targets: [other.id] });
  const options = { endpoint: inside.endpoint, probe: server.endpoint };
  const before = await traces(scene);

  const first = await run(options);
  assert.equal(first.outcome, "failed");
  assert.match(first.stdout, /! from here .* answered 404; .*ZITADEL shows/);
  assert.match(first.stdout, /^Not bound: .* answered 503$/m);
  await server.reload();
  const bound = await run(options);
  assert.equal(bound.outcome, "done", bound.stdout + bound.error);
  const after = await traces(scene);
  const [ours] = await listTargets(instance);
  assert.equal(ours!.endpoint, inside.endpoint);
  assert.deepEqual(
    after.executions.map(({ condition }) => condition).sort(),
    [GROUP, PREACCESSTOKEN],
  );
  assert.deepEqual(after.entries, before.entries);
  // They went on hearing of what changed.
  assert.ok(heard.includes("org.metadata.set"), heard.join());
  const again = await run(options);
  assert.match(again.stdout, /^Nothing to change\.$/m);

  const io = createTestIo({
    env: {
      ZITADEL_DOMAIN: sandbox.origin,
      ZITADEL_ADMIN_TOKEN: sandbox.adminToken,
    },
  });
  const at = ["--probe", server.endpoint, "--env-file", envFile];
  await doctor.run([...at, "--json"], io.io);
  const { findings } = JSON.parse(io.printed());
  const canary = findings.find(({ check }: { check: string }) =>
    check === "canary"
  );
  assert.equal(canary.level, "ok", canary.seen);
  const code = await rotate.run([...at, "--yes"], {
    ...io.io,
    progress: (text) => void (text?.startsWith("waiting") && server.reload()),
  });
  assert.equal(code, 0, io.errors());
  const [rotated] = await listTargets(instance);
  assert.equal(rotated!.endpoint, inside.endpoint);
  assert.notEqual(rotated!.signingKey, ours!.signingKey);
});

Deno.test("setup --probe does not bind if ZITADEL does not reach the endpoint, and unbinds", async () => {
  await using scene = await createSetupScene();
  const { run, envFile, sandbox, snapshot } = scene;
  await using server = startFunction(envFile, sandbox.origin);
  await using inside = serveInside(() => undefined);
  const options = { endpoint: inside.endpoint, probe: server.endpoint };
  await run(options);
  await server.reload();
  const before = [await traces(scene), await snapshot()];
  const { outcome, stdout } = await run(options);
  assert.equal(outcome, "failed");
  assert.match(stdout, /^Not bound: ZITADEL was not seen to reach http:/m);
  assert.deepEqual([await traces(scene), await snapshot()], before);

  const controller = new AbortController();
  const interrupted = await run(options, {
    signal: controller.signal,
    progress: (text) => {
      if (text?.startsWith("ZITADEL sends")) {
        setTimeout(() => controller.abort(new Interrupted("stopped")), 50);
      }
    },
  });
  assert.equal(interrupted.outcome, "Interrupted");
  assert.deepEqual([await traces(scene), await snapshot()], before);
});

Deno.test("proveDelivery() does not take an event for its own that the process had before", async () => {
  await using scene = await createSetupScene();
  const { instance, scratch } = scene;
  const { id: organization } = scratch.organization;
  const value = new TextEncoder().encode("[]");
  const entry = { key: "any", value };
  const sequence = await setMetadata(instance, organization, [entry]);
  await using stub = serve(() =>
    Response.json({
      canary: {
        ...{ process: "a", version: "1", credential: "c" },
        // As of another organization, by chance.
        event: sequence + 1,
      },
    })
  );
  const { id: target } = await createTarget(instance, {
    ...{ name: NAME, endpoint: "http://127.0.0.1:9/" },
    ...{ timeoutSeconds: 1, interruptOnError: false },
  });
  const isProven = await proveDelivery(instance, {
    ...{ target, silenced: [], organization, probe: stub.endpoint },
    ...{ signingKey: "key", pollMs: 0 },
  });
  assert.equal(isProven, false);
});

Deno.test("setup --probe moves a bound target by a stand-in, whose key the function has before", async () => {
  await using scene = await createSetupScene();
  const { run, instance, envFile, sandbox, snapshot } = scene;
  await using server = startFunction(envFile, sandbox.origin);
  await run({ endpoint: server.endpoint, also: ["events"] });
  await server.reload();
  await run({ also: ["events"] });
  const before = await snapshot();
  let isOpen = false;
  await using inside = serveInside(() => isOpen ? server.endpoint : undefined);
  const options = { endpoint: inside.endpoint, probe: server.endpoint };

  const first = await run(options);
  assert.equal(first.outcome, "failed", first.error);
  assert.match(first.stdout, /\+ target "Authorization Webhook \(probe\)": /);
  assert.match(first.stdout, /^Not bound: .*\(probe\)"\)$/m);
  assert.equal(
    parseEnv(await Deno.readTextFile(envFile)).AUTHORIZATION_SIGNING_KEY!
      .split(",").length,
    2,
  );
  await server.reload();
  // The target's own binding to events still reaches the same process.
  const closed = await run(options);
  assert.match(closed.stdout, /^Not bound: ZITADEL was not seen to reach/m);
  isOpen = true;
  const moved = await run(options);
  assert.equal(moved.outcome, "done", moved.stdout + moved.error);
  const after = await snapshot();
  assert.deepEqual(
    after.targets.map(({ name, endpoint }) => [name, endpoint]),
    [[NAME, inside.endpoint]],
  );
  assert.deepEqual(after.executions, before.executions);
  assert.equal(after.envFile, before.envFile);
  assert.equal((await listTargets(instance)).length, 1);
});

Deno.test("setup --probe binds a target with payload type JWT by a stand-in, and --remove takes that too", async () => {
  await using scene = await createSetupScene();
  const { run, instance, envFile, sandbox } = scene;
  await using server = startFunction(envFile, sandbox.origin);
  await using inside = serveInside(() => server.endpoint);
  await createTarget(instance, {
    name: NAME,
    endpoint: inside.endpoint,
    timeoutSeconds: 10,
    interruptOnError: false,
  }, "jwt");
  const options = { probe: server.endpoint };
  assert.equal((await run(options)).outcome, "failed");
  assert.deepEqual((await listTargets(instance)).map(({ name }) => name), [
    `${NAME} (probe)`,
    NAME,
  ]);
  const removed = await run({ remove: true });
  assert.equal(removed.outcome, "done", removed.error);
  assert.deepEqual(await listTargets(instance), []);

  await createTarget(instance, {
    name: NAME,
    endpoint: inside.endpoint,
    timeoutSeconds: 10,
    interruptOnError: false,
  }, "jwt");
  await run(options);
  await server.reload();
  const bound = await run(options);
  assert.equal(bound.outcome, "done", bound.stdout + bound.error);
  assert.deepEqual((await traces(scene)).targets, [NAME]);
  const [ours] = await listTargets(instance);
  assert.deepEqual(await listExecutions(instance), [
    { condition: PREACCESSTOKEN, targets: [ours!.id] },
  ]);
});

Deno.test("setup --also events drops the mapping that the function held before", async () => {
  await using scene = await createSetupScene();
  const { run, envFile, sandbox, scratch, roles } = scene;
  const { id } = scratch.organization;
  await Deno.writeTextFile(envFile, `METADATA_ORGANIZATION=${id}\n`, {
    append: true,
  });
  await using server = startFunction(envFile, sandbox.origin);
  const bind = { endpoint: server.endpoint, projects: false };
  await run(bind);
  await server.reload();
  await run(bind);
  const permissions = async () => {
    const { accessToken } = await clientCredentials(sandbox.origin, {
      ...scratch.robot,
      scope: roleScopes(scratch.project.id),
    });
    const bytes = Uint8Array.fromBase64(accessToken.split(".")[1]!, {
      alphabet: "base64url",
    });
    return JSON.parse(new TextDecoder().decode(bytes)).permissions;
  };
  assert.equal((await permissions()).length, 4);
  const file = await roles({ admin: ["a"], viewer: ["a"] });
  await run({ roles: file, projects: false });
  assert.equal((await permissions()).length, 4);
  const events = await run({ also: ["events"], projects: false });
  assert.equal(events.outcome, "done", events.error);
  for (let i = 0; i < 50 && (await permissions()).length > 1; i++);
  assert.deepEqual(await permissions(), ["a"]);
});
