import { runSetup } from "../../../harness/setup/run_setup.ts";
import { readArguments } from "../../../harness/cli/arguments.ts";
import {
  SETUP_OPTIONS,
  type SetupOptions,
} from "../../../harness/setup/command_line.ts";
import { listExecutions } from "../../../harness/zitadel/execution.ts";
import { listTargets } from "../../../harness/zitadel/target.ts";
import type { Io } from "../../../harness/cli/io.ts";
import { createTestIo } from "../_test_io.ts";
import { startScratch } from "../_scratch.ts";

const DEFAULTS = {
  ...readArguments([], { options: SETUP_OPTIONS }),
  yes: true,
};

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
    extra: {
      readonly env?: Io["env"];
      readonly signal?: AbortSignal;
      /** What is answered to questions. */
      readonly answer?: boolean;
      readonly progress?: Io["progress"];
    } = {},
  ) {
    const { env = {}, signal, answer, progress } = extra;
    const { io, printed, errors } = createTestIo({
      env: {
        ZITADEL_DOMAIN: sandbox.origin,
        ZITADEL_ADMIN_TOKEN: sandbox.adminToken,
        ...env,
      },
      ...signal && { signal },
      answer,
    });
    let outcome: string;
    let error: Error | undefined;
    try {
      outcome = await runSetup(
        { ...DEFAULTS, envFile, ...options },
        { ...io, ...progress && { progress } },
        { settleMs: 0, retryMs: 10 },
      );
    } catch (thrown) {
      error = thrown as Error;
      outcome = error.name;
    }
    return {
      outcome,
      error: error?.message ?? "",
      stdout: printed(),
      stderr: errors(),
    };
  }

  return {
    sandbox,
    instance,
    scratch,
    folder,
    envFile,
    run,
    /** Targets and bindings, to be compared. */
    snapshot: async () => ({
      targets: await listTargets(instance),
      executions: await listExecutions(instance),
      envFile: await Deno.readTextFile(envFile),
    }),
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
