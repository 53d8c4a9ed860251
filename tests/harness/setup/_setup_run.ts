import assert from "node:assert/strict";
import { runSetup } from "../../../harness/setup/run_setup.ts";
import { readArguments } from "../../../harness/cli/arguments.ts";
import {
  SETUP_OPTIONS,
  type SetupOptions,
} from "../../../harness/setup/command_line.ts";
import {
  listExecutions,
  setExecution,
} from "../../../harness/zitadel/execution.ts";
import { setMetadata } from "../../../harness/zitadel/metadata.ts";
import { parseEnv } from "../../../harness/cli/env_file.ts";
import { listTargets } from "../../../harness/zitadel/target.ts";
import { startFunction } from "../_function_server.ts";
import { createTestIo } from "../_test_io.ts";
import { startScratch } from "../_scratch.ts";

const DEFAULTS = {
  ...readArguments([], { options: SETUP_OPTIONS }),
  yes: true,
};

export const PREACCESSTOKEN = "function/preaccesstoken";
export const EVENTS = "event/group/org.metadata";
/** At which nothing answers. */
export const NOWHERE = "http://127.0.0.1:9/";

const textOf = (value: Uint8Array) => new TextDecoder().decode(value);

type RunOptions = NonNullable<Parameters<typeof createTestIo>[0]>;

/** An instance with an organization, and an env file with a credential. */
export async function createSetupScene() {
  const scene = await startScratch();
  const { sandbox, instance, scratch } = scene;
  const folder = await Deno.makeTempDir();
  const envFile = `${folder}/.env`;
  await Deno.writeTextFile(envFile, `ACCESS_TOKEN=${scratch.reader.token}\n`);

  /** Runs the command as from a terminal; what it throws is returned. */
  async function run(
    options: Partial<SetupOptions>,
    { env = {}, ...rest }: RunOptions = {},
  ) {
    const { io, printed, errors } = createTestIo({
      env: {
        ZITADEL_DOMAIN: sandbox.origin,
        ZITADEL_ADMIN_TOKEN: sandbox.adminToken,
        ...env,
      },
      ...rest,
    });
    let error: Error | undefined;
    const outcome: string = await runSetup(
      { ...DEFAULTS, envFile, ...options },
      io,
      { settleMs: 0, retryMs: 10 },
    ).catch((thrown) => {
      error = thrown;
      return thrown.name;
    });
    const stdout = printed();
    return { outcome, error: error?.message ?? "", stdout, stderr: errors() };
  }

  /** Runs it, and expects an outcome and what it prints, or says of an error. */
  async function expect(
    options: Partial<SetupOptions>,
    outcome: string,
    texts: readonly (string | RegExp)[] = [],
    extra: RunOptions = {},
  ): Promise<string> {
    const ended = await run(options, extra);
    const text = `${ended.stdout}\n${ended.stderr}\n${ended.error}`;
    assert.equal(ended.outcome, outcome, text);
    for (const it of texts) {
      if (typeof it === "string") {
        assert.ok(text.includes(it), `${it}: ${text}`);
      } else assert.match(text, it);
    }
    return text;
  }

  return {
    ...scene,
    folder,
    envFile,
    run,
    expect,
    /** Replaces the env file's text, or adds to it. */
    write: (text: string, options?: Deno.WriteFileOptions) =>
      Deno.writeTextFile(envFile, text, options),
    settings: async () => parseEnv(await Deno.readTextFile(envFile)),
    /** All that a set-up touches, to be compared. */
    snapshot: async () => ({
      targets: await listTargets(instance),
      executions: Object.fromEntries(
        (await listExecutions(instance))
          .map(({ condition, targets }) => [condition, targets]),
      ),
      metadata: [...sandbox.world.organizations.values()]
        .map(({ metadata }) =>
          Object.fromEntries(
            [...metadata].map(([key, { value }]) => [key, textOf(value)]),
          )
        ),
      envFile: await Deno.readTextFile(envFile),
    }),
    /** Binds targets in ZITADEL, as someone else would. */
    bind: (condition: string, ...targets: string[]) =>
      setExecution(instance, { condition, targets }),
    /** Sets an entry of the mapping's organization, as someone else would. */
    setEntry: (
      key: string,
      text: string,
      organization = scratch.organization,
    ) =>
      setMetadata(instance, organization.id, [
        { key, value: new TextEncoder().encode(text) },
      ]),
    /** Starts a function, which has the key once it is set up with it. */
    async connect(options: Partial<SetupOptions> = {}) {
      const server = startFunction(envFile, sandbox.origin);
      const { endpoint } = server;
      const first = { endpoint, ...options };
      await expect(first, "failed", [/^Not bound: .* answered 503$/m]);
      await server.reload();
      await expect(first, "done");
      return server;
    },
    /** Writes a roles file and returns its path. */
    async roles(mapping: unknown): Promise<string> {
      const path = `${folder}/roles.json`;
      await Deno.writeTextFile(path, JSON.stringify(mapping));
      return path;
    },
    async [Symbol.asyncDispose]() {
      await scene[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
