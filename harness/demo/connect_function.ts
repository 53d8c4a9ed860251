import { parseEnv, readEnvFile } from "../cli/env_file.ts";
import {
  type FunctionProcess,
  startFunction,
} from "../function/function_process.ts";
import { applySteps, type Change, type Place } from "../plan/change.ts";
import { planMapping } from "../roles/plan_mapping.ts";
import { planSetup, readState, type Wish } from "../setup/plan.ts";
import { freePort } from "../util/free_port.ts";
import { DEFAULT_MAPPING } from "../zitadel/scratch_organization.ts";
import { DEFAULT_TARGET_NAME } from "../zitadel/target.ts";
import { formatChange } from "./format_demo.ts";
import type { Stage } from "./stage.ts";

/**
 * Plays the guide's steps 1 to 4, with the code that connects a real instance.
 *
 * @throws {Error} If a change is refused or the function does not start.
 */
export async function connectFunction(
  stage: Stage,
): Promise<FunctionProcess> {
  await using stack = new AsyncDisposableStack();
  const { sandbox, organization } = stage;
  const reader = organization.users.find(({ tokens }) => tokens.length > 0)!;
  const folder = await Deno.makeTempDir({ prefix: "permissions-demo-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const place: Place = {
    instance: stage.instance,
    organization: organization.id,
    envFile: `${folder}/.env`,
  };
  const port = freePort();
  const endpoint = `http://127.0.0.1:${port}/`;
  const wish: Omit<Wish, "entries"> = {
    target: {
      name: DEFAULT_TARGET_NAME,
      endpoint,
      timeoutSeconds: 10,
      interruptOnError: false,
    },
    conditions: ["function/preaccesstoken"],
  };
  const mapping = new Map(Object.entries(DEFAULT_MAPPING));
  /** Makes the changes of the set-up that belong to one step. */
  const apply = async (...kinds: Change["kind"][]) => {
    const state = await readState(place);
    const entries = planMapping(state.metadata, mapping, { prune: false });
    const changes = planSetup(place, state, { ...wish, entries })
      .filter(({ kind }) => kinds.includes(kind));
    await applySteps(changes, {
      onDone: ({ lines }) =>
        lines.forEach(({ sign, text }) =>
          stage.print(formatChange(sign, text.replace(place.envFile, ".env")))
        ),
    });
  };

  stage.step("Step 1", `The mapping, in the metadata of ${organization.name}`);
  await apply("set-metadata");

  stage.step("Step 2", "The target: where ZITADEL finds the function");
  await apply("create-target", "write-key");

  stage.step("Step 3", `The function at ${endpoint}, a process of its own`);
  const process = stack.use(
    await startFunction({
      env: {
        ...parseEnv(await readEnvFile(place.envFile)),
        ZITADEL_DOMAIN: sandbox.origin,
        ACCESS_TOKEN: reader.tokens[0]!,
        KV_URL: ":memory:",
        PORT: String(port),
      },
    }),
  );
  stage.say(
    "It has the target's signing key and a token that may read the metadata. It may reach ZITADEL, and nothing else.",
  );

  stage.step(
    "Step 4",
    "The binding: ask the function before a token is issued",
  );
  await apply("bind");

  const started = stack.move();
  return {
    ...process,
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}
