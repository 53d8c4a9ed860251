import { decodeJwt } from "jose";
import { unbindOthers } from "../conformance/binding.ts";
import { freePort } from "../util/free_port.ts";
import { waitUntil } from "../util/wait_until.ts";
import type { Instance } from "../zitadel/client.ts";
import { setExecution } from "../zitadel/execution.ts";
import { clientCredentials, roleScopes } from "../zitadel/login.ts";
import {
  createScratchOrganization,
  type ScratchOrganization,
} from "../zitadel/scratch_organization.ts";
import { createTarget, deleteTarget } from "../zitadel/target.ts";
import { type Row, rowsOf } from "./row.ts";
import { type BenchContext, startBare, startFunction } from "./servers.ts";
import {
  inTurn,
  quantile,
  summarize,
  summarizeDifference,
} from "./statistics.ts";

const CONDITION = "function/preaccesstoken";
const CLAIM = "permissions";
/** More than a call takes on a busy machine, in seconds. */
const TARGET_TIMEOUT_SECONDS = 10;
/** How many tokens in a row must show that a binding is in force. */
const SETTLED_TOKENS = 3;

/** What is bound in a round, and what the claim then is. */
interface Way {
  readonly name: "nothing bound" | "constant target" | "function";
  readonly targets: readonly string[];
  readonly claim: readonly string[] | undefined;
}

/**
 * Measures the time to client-credentials tokens of a real ZITADEL with nothing
 * bound, with a target that always gives the same answer, and with the
 * function, in turn. Works in an organization of its own, and restores what was
 * bound.
 */
export async function measureRealToken(
  instance: Instance,
  context: BenchContext,
): Promise<Row[]> {
  const { progress, quick, signal } = context;
  progress("real token: creating an organization");
  await using scratch = await createScratchOrganization(instance, { signal });
  await using _unbound = await unbindOthers({ instance, note: progress }, CONDITION);
  await using targets = await startTargets(instance, scratch, context);
  const ways: readonly Way[] = [
    { name: "nothing bound", targets: [], claim: undefined },
    ...targets.ways,
  ];
  const rounds = quick ? 2 : 20;
  const tokens = quick ? 10 : 40;
  const medians: Record<Way["name"], number[]> = {
    "nothing bound": [],
    "constant target": [],
    "function": [],
  };
  // The first round warms ZITADEL and the targets up, and is not counted.
  for (let round = -1; round < rounds; round++) {
    for (const way of inTurn(ways, round + 1)) {
      progress(`real token, round ${round + 1} of ${rounds}: ${way.name}`);
      await setExecution(instance, {
        condition: CONDITION,
        targets: way.targets,
      });
      await settle(instance, scratch, { way, signal });
      const times: number[] = [];
      for (let i = 0; i < tokens; i++) {
        signal.throwIfAborted();
        const begin = performance.now();
        await getToken(instance, scratch);
        times.push(performance.now() - begin);
      }
      if (round >= 0) medians[way.name].push(quantile(times, 0.5));
    }
  }
  const row = rowsOf(
    `Token of a real ZITADEL, ${rounds * tokens} each in turn, p50`,
  );
  const beyond = (base: Way["name"]) =>
    summarizeDifference(medians.function, medians[base]);
  return [
    ...ways.map(({ name }) => row(name, "ms", summarize(medians[name]))),
    row("function, beyond nothing bound", "ms", beyond("nothing bound")),
    row(
      "function, beyond the constant target",
      "ms",
      beyond("constant target"),
    ),
  ];
}

/** Starts the function and the constant server, and creates a target for each. */
async function startTargets(
  instance: Instance,
  { organization, reader, mapping }: ScratchOrganization,
  context: BenchContext,
): Promise<AsyncDisposable & { readonly ways: readonly Way[] }> {
  await using stack = new AsyncDisposableStack();
  const create = async (name: string) => {
    const port = freePort();
    const target = await createTarget(instance, {
      name: `${organization.name} ${name}`,
      endpoint: `http://127.0.0.1:${port}/`,
      timeoutSeconds: TARGET_TIMEOUT_SECONDS,
      interruptOnError: false,
    });
    stack.defer(() => deleteTarget(instance, target.id));
    return { ...target, port };
  };
  const claim = ["constant"];
  const reply = JSON.stringify({
    append_claims: [{ key: CLAIM, value: claim }],
  });
  const constant = await create("constant");
  await stack.use(startBare(context, { port: constant.port, reply }))
    .listening();
  const ours = await create("function");
  await stack.use(startFunction(context, {
    origin: instance.origin,
    port: ours.port,
    kv: `${context.folder}/real_token.db`,
    env: {
      AUTHORIZATION_SIGNING_KEY: ours.signingKey,
      ACCESS_TOKEN: reader.token,
    },
  })).listening();
  const moved = stack.move();
  return {
    ways: [
      { name: "constant target", targets: [constant.id], claim },
      {
        name: "function",
        targets: [ours.id],
        claim: Object.values(mapping).flat(),
      },
    ],
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

async function getToken(
  { origin }: Instance,
  { robot, project }: ScratchOrganization,
): Promise<string> {
  const scope = roleScopes(project.id);
  const tokens = await clientCredentials(origin, { ...robot, scope });
  return tokens.accessToken;
}

/** Waits until tokens show that what was bound is in force. */
async function settle(
  instance: Instance,
  scratch: ScratchOrganization,
  { way, signal }: { readonly way: Way; readonly signal: AbortSignal },
): Promise<void> {
  let right = 0;
  const expected = JSON.stringify(way.claim?.toSorted());
  await waitUntil(async () => {
    const claim = decodeJwt(await getToken(instance, scratch))[CLAIM];
    const found = Array.isArray(claim) ? claim.toSorted() : claim;
    right = JSON.stringify(found) === expected ? right + 1 : 0;
    return right === SETTLED_TOKENS;
  }, { what: `tokens show the binding of "${way.name}"`, signal });
}
