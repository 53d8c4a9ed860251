/**
 * What the tasks for operators have in common.
 *
 * @module
 */
import { parseEnv, readEnvFile } from "./env_file.ts";
import { messageOf, tint } from "./terminal.ts";

/** A mistake in how a command was called: said in one line, with no trace. */
export class UsageError extends Error {
  /** Tells it from other errors where it is printed. */
  override name = "UsageError";
}

/**
 * Runs a task and ends the process with its exit code; what it throws becomes
 * one sentence.
 *
 * @param run The task; returns its exit code.
 */
export async function runTask(
  run: (args: string[]) => Promise<number>,
): Promise<never> {
  try {
    Deno.exit(await run(Deno.args));
  } catch (error) {
    const isUsage = isUsageError(error);
    const message = isUsage
      ? `${usageOf(messageOf(error))}; see \`deno task ${taskName()} --help\``
      : messageOf(error);
    console.error(`${tint("bad", "error")}: ${message}`);
    Deno.exit(isUsage ? EXIT_USAGE : 2);
  }
}

/** What shells know as a wrong use of a command (sysexits.h, EX_USAGE). */
const EXIT_USAGE = 64;

/** `parseArgs` goes on about positional arguments that start with a dash. */
function usageOf(message: string): string {
  return message.replace(/\. To specify a positional argument.*/s, "")
    .replace(/\s*\n\s*/g, " ");
}

/** The task's name: `test:kv` is in `tasks/test_kv.ts`. */
function taskName(): string {
  const file = /([^/]+)\.ts$/.exec(Deno.mainModule)?.[1] ?? "";
  return file.replace("_", ":");
}

function isUsageError(error: unknown): boolean {
  return error instanceof UsageError ||
    error instanceof TypeError && "code" in error &&
      String(error.code).startsWith("ERR_PARSE_ARGS");
}

/**
 * The settings a task works with: the env file's, and above them those of the
 * environment.
 *
 * @param envFile The env file's path.
 * @returns The settings.
 */
export async function readSettings(
  envFile: string,
): Promise<Record<string, string | undefined>> {
  return { ...parseEnv(await readEnvFile(envFile)), ...Deno.env.toObject() };
}

/**
 * Takes a setting that must be there.
 *
 * @param settings The settings.
 * @param name Which one.
 * @param hint What it is and where to get it.
 * @returns Its value.
 * @throws {UsageError} Where it is missing.
 */
export function required(
  settings: Record<string, string | undefined>,
  name: string,
  hint: string,
): string {
  const value = settings[name]?.trim();
  if (!value) throw new UsageError(`${name} is not set: ${hint}`);
  return value;
}

/** What ZITADEL_DOMAIN is, for those who have not set it. */
export const DOMAIN_HINT =
  "the instance's host or origin, such as my-instance.zitadel.cloud";

/** What ZITADEL_ADMIN_TOKEN is, for those who have not set it. */
export const ADMIN_TOKEN_HINT =
  "a personal access token of a service user with the role IAM_OWNER (console: Users > Service Users > Personal Access Tokens, and Default settings > Administrators)";

/**
 * Reads a time such as `10s`, `1m30s` or `10`, in whole seconds.
 *
 * @param text The text.
 * @param option Which option it is of, for the message.
 * @returns Seconds.
 * @throws {UsageError} Where it is not a time.
 */
export function parseSeconds(text: string, option: string): number {
  const match = /^(?:(\d+)m)?(?:(\d+)s?)?$/.exec(text);
  const seconds = Number(match?.[1] ?? 0) * 60 + Number(match?.[2] ?? 0);
  if (!match || text === "" || seconds < 1) {
    throw new UsageError(`${option} ${text}: expected a time such as 10s`);
  }
  return seconds;
}
