import assert from "node:assert/strict";
import { parseEnv, readEnvFile } from "../../../harness/cli/env_file.ts";
import { parseRoles } from "../../../harness/roles/parse_roles.ts";
import { planMappingRemoval } from "../../../harness/roles/plan_mapping.ts";
import { entryChanges } from "../../../harness/roles/write_entries.ts";
import { bind } from "../../../harness/setup/bind.ts";
import { applySteps, type Place } from "../../../harness/setup/change.ts";
import { planRemoval } from "../../../harness/setup/plan_removal.ts";
import {
  planSetup,
  readState,
  type Wish,
} from "../../../harness/setup/plan.ts";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";
import { connect, type Instance } from "../../../harness/zitadel/client.ts";
import {
  listExecutions,
  setExecution,
} from "../../../harness/zitadel/execution.ts";
import {
  listMetadata,
  setMetadata,
} from "../../../harness/zitadel/metadata.ts";
import { createTarget, listTargets } from "../../../harness/zitadel/target.ts";
import {
  clientCredentials,
  roleScopes,
} from "../../../harness/zitadel/login.ts";
import { createScratchOrganization } from "../../../harness/zitadel/scratch_organization.ts";
import { startFunction } from "../_function_server.ts";

const NAME = "Authorization Webhook";
const { mapping: MAPPING } = parseRoles(
  '{"admin": ["a"], "42": {"admin": ["b"]}}',
);
const CONDITIONS = [
  "function/preaccesstoken",
  "function/preuserinfo",
  "function/presamlresponse",
  "event/group/org.metadata",
];

function wishFor(endpoint: string, interruptOnError = false): Wish {
  return {
    target: { name: NAME, endpoint, timeoutSeconds: 10, interruptOnError },
    conditions: CONDITIONS,
    mapping: MAPPING,
  };
}

async function setUp(place: Place, wish: Wish) {
  const changes = planSetup(place, await readState(place), wish);
  await applySteps(changes, { settleMs: 0 });
  return changes;
}

/** Everything that a set-up touches, to be compared. */
async function snapshot({ instance, organization, envFile }: Place) {
  const { entries } = await listMetadata(instance, organization!);
  return {
    targets: await listTargets(instance),
    executions: (await listExecutions(instance)).sort((a, b) =>
      a.condition < b.condition ? -1 : 1
    ),
    metadata: entries.map(({ key, value }) => [key, value.toBase64()]).sort(),
    envFile: await readEnvFile(envFile),
  };
}

async function otherTarget(instance: Instance, name: string): Promise<string> {
  const { id } = await createTarget(instance, {
    name,
    endpoint: "http://127.0.0.1:9/",
    timeoutSeconds: 1,
    interruptOnError: false,
  });
  return id;
}

Deno.test("setup changes nothing the second time, and removal leaves the instance as it was", async () => {
  await using sandbox = await startSandbox();
  const instance = connect(sandbox.origin, sandbox.adminToken);
  const [organization] = sandbox.world.organizations.keys();
  const envFile = await Deno.makeTempFile({ suffix: ".env" });
  await Deno.writeTextFile(envFile, "# mine\nPORT=1\n");
  const place = { instance, organization, envFile };
  const first = await otherTarget(instance, "first");
  const second = await otherTarget(instance, "second");
  await setExecution(instance, {
    condition: "function/preaccesstoken",
    targets: [second, first],
  });
  await setMetadata(instance, organization!, [
    { key: "mine", value: new TextEncoder().encode("as it was") },
    { key: "admin", value: new TextEncoder().encode('["other"]') },
  ]);
  const before = await snapshot(place);

  const changes = await setUp(place, wishFor("http://127.0.0.1:9/f"));
  assert.deepEqual(changes.map(({ kind }) => kind), [
    "create-target",
    "write-key",
    "set-metadata",
    ...CONDITIONS.map(() => "bind"),
  ]);
  const { targets, executions, metadata } = await snapshot(place);
  const ours = targets.find(({ name }) => name === NAME)!;
  assert.equal(ours.endpoint, "http://127.0.0.1:9/f");
  assert.deepEqual(
    executions.find((it) => it.condition === "function/preaccesstoken")
      ?.targets,
    [second, first, ours.id],
  );
  assert.deepEqual(
    new Set(executions.map(({ condition }) => condition)),
    new Set(CONDITIONS),
  );
  const text = (key: string) =>
    atob(metadata.find(([name]) => name === key)![1]!);
  assert.equal(text("admin"), '["a"]');
  assert.equal(text("42:admin"), '["b"]');
  assert.equal(text("mine"), "as it was");
  assert.equal(
    await readEnvFile(envFile),
    `# mine\nPORT=1\nAUTHORIZATION_SIGNING_KEY=${ours.signingKey}\n`,
  );
  assert.equal((await Deno.stat(envFile)).mode! & 0o777, 0o600);

  const after = await snapshot(place);
  assert.deepEqual(await setUp(place, wishFor("http://127.0.0.1:9/f")), []);
  assert.deepEqual(await snapshot(place), after);

  const removal = async () => {
    const state = await readState(place);
    const entries = planMappingRemoval(state.metadata, MAPPING);
    const others = entryChanges(place, entries);
    return planRemoval(place, state, { names: [NAME], others });
  };
  // What someone else changed since is not ours to remove.
  await setMetadata(instance, organization!, [
    { key: "admin", value: new TextEncoder().encode('["other"]') },
  ]);
  await applySteps(await removal(), { settleMs: 0 });
  assert.deepEqual(await snapshot(place), before);
  assert.deepEqual(await removal(), []);
  await Deno.remove(envFile);
});

Deno.test("setup makes the function's permissions appear in a token", async () => {
  await using sandbox = await startSandbox();
  const instance = connect(sandbox.origin, sandbox.adminToken);
  await using scratch = await createScratchOrganization(instance);
  const envFile = await Deno.makeTempFile({ suffix: ".env" });
  await Deno.writeTextFile(envFile, `ACCESS_TOKEN=${scratch.reader.token}\n`);
  await using server = startFunction(envFile, sandbox.origin);
  const place = { instance, organization: scratch.organization.id, envFile };
  await setUp(place, { ...wishFor(server.endpoint), mapping: new Map() });
  await server.reload();

  const { accessToken } = await clientCredentials(sandbox.origin, {
    ...scratch.robot,
    scope: roleScopes(scratch.project.id),
  });
  const claims = JSON.parse(atob(
    accessToken.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/"),
  ));
  assert.deepEqual(claims.permissions, [
    "read:all",
    "write:all",
    "delete:all",
    "posts:read",
  ]);
  await Deno.remove(envFile);
});

Deno.test("bind() refuses to replace what others bound in the meantime", async () => {
  await using sandbox = await startSandbox();
  const instance = connect(sandbox.origin, sandbox.adminToken);
  const condition = "function/preaccesstoken";
  const theirs = await otherTarget(instance, "theirs");
  const ours = await otherTarget(instance, "ours");
  await setExecution(instance, { condition, targets: [theirs] });
  await assert.rejects(
    bind(instance, { condition, from: [], to: [ours] }),
    /someone else changed this binding/,
  );
  assert.deepEqual(await listExecutions(instance), [{
    condition,
    targets: [theirs],
  }]);
});

Deno.test("readState() fails, and so nothing changes, where bindings cannot be listed", async () => {
  await using sandbox = await startSandbox();
  const paths: string[] = [];
  const proxy = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      paths.push(pathname);
      if (pathname.endsWith("/ListExecutions")) {
        // What v3.0 to v3.3 answer over an old PostgreSQL.
        return new Response(null, {
          headers: {
            "content-type": "application/grpc-web+proto",
            "grpc-status": "13",
            "grpc-message": "Errors.Internal (QUERY-fSG8)",
          },
        });
      }
      return fetch(`${sandbox.origin}${pathname}`, {
        method: request.method,
        headers: request.headers,
        body: await request.bytes(),
      });
    },
  );
  const envFile = await Deno.makeTempFile({ suffix: ".env" });
  const instance = connect(
    `http://127.0.0.1:${proxy.addr.port}`,
    sandbox.adminToken,
  );
  const place = { instance, organization: undefined, envFile };
  await assert.rejects(
    readState(place),
    /Cannot list what is bound: .*PostgreSQL 16.*Nothing was changed/,
  );
  assert.equal(paths.filter((it) => !it.includes("/List")).length, 0);
  assert.deepEqual(parseEnv(await readEnvFile(envFile)), {});
  await proxy.shutdown();
  await Deno.remove(envFile);
});
