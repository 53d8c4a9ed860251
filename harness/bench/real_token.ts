import { decodeJwt } from "jose";
import { unbindOthers } from "../conformance/binding.ts";
import { freePort } from "../util/free_port.ts";
import { waitUntil } from "../util/wait_until.ts";
import type { Instance } from "../zitadel/client.ts";
import { setExecution } from "../zitadel/execution.ts";
import { clientCredentials, roleScopes } from "../zitadel/login.ts";
import { createScratchOrganization } from "../zitadel/scratch_organization.ts";
import { createTarget, deleteTarget } from "../zitadel/target.ts";
import {
  type BenchContext,
  type Server,
  startBare,
  startFunction,
} from "./servers.ts";
import { differences, median, takeTurns } from "./statistics.ts";
import { type Row, row } from "./table.ts";

const CONDITION = "function/preaccesstoken";
const CLAIM = "permissions";
/** More than a call takes on a busy machine, in seconds. */
const TARGET_TIMEOUT_SECONDS = 10;
/** How many tokens in a row must show that a binding is in force. */
const SETTLED_TOKENS = 3;

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
  const tokens = quick ? 10 : 40;
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
    start: (port: number, signingKey: string) => Server,
  ): Promise<string[]> => {
    const port = freePort();
    const { id, signingKey } = await createTarget(instance, {
      name: `${organization.name} ${name}`,
      endpoint: `http://127.0.0.1:${port}/`,
      timeoutSeconds: TARGET_TIMEOUT_SECONDS,
      interruptOnError: false,
    });
    stack.defer(() => deleteTarget(instance, id));
    await stack.use(start(port, signingKey)).listening();
    return [id];
  };
  const reply = { append_claims: [{ key: CLAIM, value: ["constant"] }] };
  const constant = await serve(
    "constant",
    (port) => startBare(context, { REPLY: JSON.stringify(reply), port }),
  );
  const own = await serve(
    "function",
    (port, AUTHORIZATION_SIGNING_KEY) =>
      startFunction(context, {
        ZITADEL_DOMAIN: origin,
        KV_URL: `${folder}/real_token.db`,
        AUTHORIZATION_SIGNING_KEY,
        ACCESS_TOKEN: reader.token,
      }, port),
  );
  const bound = (targets: string[], claim: string[] = []) => async () => {
    await bindOnly(targets);
    let settled = 0;
    await waitUntil(async () => {
      const value = decodeJwt(await getToken())[CLAIM];
      const shown = `${Array.isArray(value) ? value.toSorted() : ""}`;
      settled = shown === `${claim.toSorted()}` ? settled + 1 : 0;
      return settled === SETTLED_TOKENS;
    }, { what: "tokens show what is bound", signal });
    const times: number[] = [];
    for (let i = 0; i < tokens; i++) {
      signal.throwIfAborted();
      const begin = performance.now();
      await getToken();
      times.push(performance.now() - begin);
    }
    return { ms: median(times) };
  };
  const { function: ours, ...others } = await takeTurns({
    "nothing bound": bound([]),
    "constant target": bound(constant, ["constant"]),
    function: bound(own, Object.values(mapping).flat()),
  }, { what: "real token", rounds: quick ? 2 : 20, progress });
  return [
    row("function, p50", "ms", ours.ms),
    ...Object.entries(others).flatMap(([name, { ms }]) => [
      row(`${name}, p50`, "ms", ms),
      row(`function, beyond ${name}, p50`, "ms", differences(ours.ms, ms)),
    ]),
  ];
}
