import assert from "node:assert/strict";
import { readEnvFile } from "../../../harness/cli/env_file.ts";
import { parseRoles } from "../../../harness/mapping/parse_roles.ts";
import { planMappingRemoval } from "../../../harness/roles/plan_mapping.ts";
import { entryChanges } from "../../../harness/roles/write_entries.ts";
import { bind } from "../../../harness/setup/bind.ts";
import { applySteps, type Place } from "../../../harness/plan/change.ts";
import { planRemoval } from "../../../harness/setup/plan_removal.ts";
import {
  planSetup,
  readState,
  type Wish,
} from "../../../harness/setup/plan.ts";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import {
  listExecutions,
  setExecution,
} from "../../../harness/zitadel/execution.ts";
import {
  listMetadata,
  setMetadata,
} from "../../../harness/zitadel/metadata.ts";
import { listTargets } from "../../../harness/zitadel/target.ts";
import { addTarget } from "../_add_target.ts";
import { serveFailing } from "../_failing_call.ts";

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
    prune: false,
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

/** A place on a sandbox, with a temporary env file. */
async function createPlace(text = "") {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox());
  const instance = connect(sandbox.origin, sandbox.adminToken);
  const [organization] = sandbox.world.organizations.keys();
  const envFile = await Deno.makeTempFile({ suffix: ".env" });
  stack.defer(() => Deno.remove(envFile));
  await Deno.writeTextFile(envFile, text);
  const otherTarget = async (name: string) =>
    (await addTarget(instance, { name })).id;
  const started = stack.move();
  return {
    ...{ sandbox, instance, organization, envFile, otherTarget },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

Deno.test("setup changes nothing the second time, and removal leaves the instance as it was", async () => {
  await using place = await createPlace("# mine\nPORT=1\n");
  const { instance, organization, envFile, otherTarget } = place;
  const first = await otherTarget("first");
  const second = await otherTarget("second");
  await setExecution(instance, {
    condition: "function/preaccesstoken",
    targets: [second, first],
  });
  const write = (key: string, text: string) =>
    setMetadata(instance, organization!, [
      { key, value: new TextEncoder().encode(text) },
    ]);
  await write("mine", "as it was");
  await write("admin", '["other"]');
  const before = await snapshot(place);

  const changes = await setUp(place, wishFor("http://127.0.0.1:9/f"));
  assert.deepEqual(changes.map(({ kind }) => kind), [
    "create-target",
    "write-key",
    "set-metadata",
    ...CONDITIONS.map(() => "bind"),
  ]);
  const after = await snapshot(place);
  const { targets, executions, metadata } = after;
  const ours = targets.find(({ name }) => name === NAME)!;
  assert.deepEqual(
    new Map(executions.map((it) => [it.condition, it.targets])),
    new Map(CONDITIONS.map((condition, i) => [
      condition,
      i === 0 ? [second, first, ours.id] : [ours.id],
    ])),
  );
  assert.deepEqual(
    Object.fromEntries(metadata.map(([key, value]) => [key, atob(value!)])),
    { "admin": '["a"]', "42:admin": '["b"]', "mine": "as it was" },
  );
  assert.equal(
    await readEnvFile(envFile),
    `# mine\nPORT=1\nAUTHORIZATION_SIGNING_KEY=${ours.signingKey}\n`,
  );
  assert.equal((await Deno.stat(envFile)).mode! & 0o777, 0o600);

  assert.deepEqual(await setUp(place, wishFor("http://127.0.0.1:9/f")), []);
  assert.deepEqual(await snapshot(place), after);

  const removal = async () => {
    const state = await readState(place);
    const entries = planMappingRemoval(state.metadata, MAPPING);
    return [
      ...planRemoval(place, state, [NAME]),
      ...entryChanges(place, entries),
    ];
  };
  // What someone else changed since is not ours to remove.
  await write("admin", '["other"]');
  await applySteps(await removal(), { settleMs: 0 });
  assert.deepEqual(await snapshot(place), before);
  assert.deepEqual(await removal(), []);
});

Deno.test("bind() refuses to replace what others bound in the meantime, and finds what they bind after it", async () => {
  await using place = await createPlace();
  const { instance, otherTarget } = place;
  const condition = "function/preaccesstoken";
  const theirs = await otherTarget("theirs");
  const ours = await otherTarget("ours");
  await setExecution(instance, { condition, targets: [theirs] });
  await assert.rejects(
    bind(instance, { condition, from: [], to: [ours] }),
    /someone else changed function\/preaccesstoken/,
  );
  assert.deepEqual(await listExecutions(instance), [{
    condition,
    targets: [theirs],
  }]);

  const mine = { condition, from: [theirs], to: [theirs, ours] };
  const recheck = await bind(instance, mine);
  // Another command read the binding before that.
  await setExecution(instance, { condition, targets: [theirs] });
  await assert.rejects(
    recheck(),
    /someone else changed function\/preaccesstoken/,
  );
  await setExecution(instance, { condition, targets: mine.to });
  await recheck();
});

Deno.test("readState() fails, and so nothing changes, where bindings cannot be listed", async () => {
  await using scene = await createPlace();
  const { sandbox, envFile } = scene;
  // What v3.0 to v3.3 answer over an old PostgreSQL.
  await using proxy = serveFailing(sandbox.origin, "ListExecutions", {
    "grpc-status": "13",
    "grpc-message": "Errors.Internal (QUERY-fSG8)",
  });
  const instance = connect(proxy.origin, sandbox.adminToken);
  const place = { instance, organization: undefined, envFile };
  await assert.rejects(
    readState(place),
    /Cannot list what is bound: .*PostgreSQL 16.*Nothing was changed/,
  );
  assert.equal(proxy.paths.filter((it) => !it.includes("/List")).length, 0);
  assert.equal(await readEnvFile(envFile), "");
});
