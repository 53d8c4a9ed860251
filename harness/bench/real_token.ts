import { decodeJwt } from "jose";
import { keepBindings } from "../conformance/binding.ts";
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
import type { BenchContext } from "./context.ts";
import { inTurn } from "./rounds.ts";
import { BARE_SCRIPT, ServerProcess } from "./server_process.ts";
import {
  type Figure,
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

/** The time to a token, over all rounds. */
export interface TokenTime {
  /** In milliseconds. */
  readonly p50Ms: Figure;
  readonly p99Ms: Figure;
}

/** What a target adds to the time that a real ZITADEL takes to a token. */
export interface RealToken {
  /** How many tokens each figure stands for. */
  readonly tokens: number;
  /** Nothing is bound. */
  readonly without: TokenTime;
  /** A target is bound that always gives the same answer: what ZITADEL's own part costs. */
  readonly constant: TokenTime;
  /** The function is bound. */
  readonly withFunction: TokenTime;
  /** With the function less without, in milliseconds. */
  readonly added: TokenTime;
  /** With the function less with the constant target, in milliseconds. */
  readonly own: TokenTime;
}

/** What is bound in a round, and what the claim then is. */
interface Way {
  readonly name: "without" | "constant" | "function";
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
): Promise<RealToken> {
  const { progress, quick, signal } = context;
  progress("real token: creating an organization");
  await using scratch = await createScratchOrganization(instance, { signal });
  await using _kept = await keepBindings({ instance }, [CONDITION]);
  await using targets = await startTargets(instance, scratch, context);
  const ways: readonly Way[] = [
    { name: "without", targets: [], claim: undefined },
    ...targets.ways,
  ];
  const rounds = quick ? 2 : 20;
  const tokens = quick ? 10 : 40;
  const seen = { without: [], constant: [], function: [] } as Record<
    Way["name"],
    number[][]
  >;
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
      if (round >= 0) seen[way.name].push(times);
    }
  }
  return {
    tokens: rounds * tokens,
    without: timeOf(seen.without),
    constant: timeOf(seen.constant),
    withFunction: timeOf(seen.function),
    added: differenceOf(seen.function, seen.without),
    own: differenceOf(seen.function, seen.constant),
  };
}

/** Starts the function and the constant server, and creates a target for each. */
async function startTargets(
  instance: Instance,
  { organization, reader, mapping }: ScratchOrganization,
  { folder, entry, signal }: BenchContext,
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
  const start = (
    script: URL,
    port: number,
    env: Readonly<Record<string, string>>,
  ) => {
    const log = `${folder}/real_token.log`;
    const server = new ServerProcess(script, { env, log, signal, port });
    return stack.use(server).listening();
  };
  const constant = await create("constant");
  const claim = ["constant"];
  await start(BARE_SCRIPT, constant.port, {
    REPLY: JSON.stringify({ append_claims: [{ key: CLAIM, value: claim }] }),
  });
  const ours = await create("function");
  await start(entry, ours.port, {
    ZITADEL_DOMAIN: instance.origin,
    AUTHORIZATION_SIGNING_KEY: ours.signingKey,
    ACCESS_TOKEN: reader.token,
    KV_URL: `${folder}/real_token.db`,
  });
  const moved = stack.move();
  return {
    ways: [
      { name: "constant", targets: [constant.id], claim },
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

function timeOf(rounds: readonly (readonly number[])[]): TokenTime {
  return {
    p50Ms: summarize(rounds.map((times) => quantile(times, 0.5))),
    p99Ms: summarize(rounds.map((times) => quantile(times, 0.99))),
  };
}

function differenceOf(
  rounds: readonly (readonly number[])[],
  base: readonly (readonly number[])[],
): TokenTime {
  const difference = (share: number) =>
    summarizeDifference(
      rounds.map((times) => quantile(times, share)),
      base.map((times) => quantile(times, share)),
    );
  return { p50Ms: difference(0.5), p99Ms: difference(0.99) };
}
