import { decodeJwt } from "jose";
import { unbindOthers } from "../conformance/binding.ts";
import { freePort } from "../util/free_port.ts";
import { waitUntil } from "../util/wait_until.ts";
import type { Instance } from "../zitadel/client.ts";
import { setExecution } from "../zitadel/execution.ts";
import { clientCredentials, roleScopes } from "../zitadel/login.ts";
import { createScratchOrganization } from "../zitadel/scratch_organization.ts";
import { createTarget, deleteTarget } from "../zitadel/target.ts";
import { type Row, rowsOf } from "./row.ts";
import {
  type BenchContext,
  type Server,
  startBare,
  startFunction,
} from "./servers.ts";
import { inTurn, quantile, summarizeDifference } from "./statistics.ts";

const CONDITION = "function/preaccesstoken";
const CLAIM = "permissions";
/** More than a call takes on a busy machine, in seconds. */
const TARGET_TIMEOUT_SECONDS = 10;
/** How many tokens in a row must show that a binding is in force. */
const SETTLED_TOKENS = 3;

/** What is bound in a round, what the claim then is, and the median times of its rounds. */
interface Way {
  readonly name: string;
  readonly targets: readonly string[];
  readonly claim: readonly string[] | undefined;
  readonly medians: number[];
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
  const { progress, quick, signal, folder } = context;
  const { origin } = instance;
  progress("real token: creating an organization");
  await using stack = new AsyncDisposableStack();
  const { organization, project, reader, robot, mapping } = stack.use(
    await createScratchOrganization(instance, { signal }),
  );
  const scope = roleScopes(project.id);
  const getToken = async () =>
    (await clientCredentials(origin, { ...robot, scope })).accessToken;
  const bindOnly = (targets: readonly string[]) =>
    setExecution(instance, { condition: CONDITION, targets });
  stack.use(await unbindOthers({ instance, note: progress }, CONDITION));
  stack.defer(() => bindOnly([]));
  const serve = async (
    name: string,
    claim: readonly string[],
    start: (port: number, signingKey: string) => Server,
  ): Promise<Way> => {
    const port = freePort();
    const { id, signingKey } = await createTarget(instance, {
      name: `${organization.name} ${name}`,
      endpoint: `http://127.0.0.1:${port}/`,
      timeoutSeconds: TARGET_TIMEOUT_SECONDS,
      interruptOnError: false,
    });
    stack.defer(() => deleteTarget(instance, id));
    await stack.use(start(port, signingKey)).listening();
    return { name, targets: [id], claim, medians: [] };
  };
  const nothing: Way = {
    name: "nothing bound",
    targets: [],
    claim: undefined,
    medians: [],
  };
  const value = ["constant"];
  const reply = JSON.stringify({ append_claims: [{ key: CLAIM, value }] });
  const constant = await serve(
    "constant target",
    value,
    (port) => startBare(context, { port, reply }),
  );
  const ours = await serve(
    "function",
    Object.values(mapping).flat(),
    (port, AUTHORIZATION_SIGNING_KEY) =>
      startFunction(context, {
        origin,
        port,
        kv: `${folder}/real_token.db`,
        env: { AUTHORIZATION_SIGNING_KEY, ACCESS_TOKEN: reader.token },
      }),
  );
  const ways = [nothing, constant, ours];
  const rounds = quick ? 2 : 20;
  const tokens = quick ? 10 : 40;
  // The first round warms ZITADEL and the targets up, and is not counted.
  for (let round = -1; round < rounds; round++) {
    for (const { name, targets, claim, medians } of inTurn(ways, round + 1)) {
      progress(`real token, round ${round + 1} of ${rounds}: ${name}`);
      await bindOnly(targets);
      await showsClaim(getToken, { name, claim, signal });
      const times: number[] = [];
      for (let i = 0; i < tokens; i++) {
        signal.throwIfAborted();
        const begin = performance.now();
        await getToken();
        times.push(performance.now() - begin);
      }
      if (round >= 0) medians.push(quantile(times, 0.5));
    }
  }
  const row = rowsOf(
    `Token of a real ZITADEL, ${rounds * tokens} each in turn, p50`,
  );
  return [
    ...ways.map(({ name, medians }) => row(name, "ms", medians)),
    ...[nothing, constant].map(({ name, medians }) =>
      row(
        `function, beyond ${name === "nothing bound" ? name : `the ${name}`}`,
        "ms",
        summarizeDifference(ours.medians, medians),
      )
    ),
  ];
}

/** Waits until tokens show that what was bound is in force. */
async function showsClaim(
  getToken: () => Promise<string>,
  { name, claim, signal }: {
    readonly name: string;
    readonly claim: readonly string[] | undefined;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  let right = 0;
  const expected = JSON.stringify(claim?.toSorted());
  await waitUntil(async () => {
    const value = decodeJwt(await getToken())[CLAIM];
    const found = Array.isArray(value) ? value.toSorted() : value;
    right = JSON.stringify(found) === expected ? right + 1 : 0;
    return right === SETTLED_TOKENS;
  }, { what: `tokens show the binding of "${name}"`, signal });
}
