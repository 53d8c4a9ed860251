/**
 * The frame of every `deno task` command: it reads the command line, runs, and
 * ends with an exit code.
 *
 * @module
 */
import "./deno_version.ts";
import project from "../../deno.json" with { type: "json" };
import { type Expected, readArguments } from "./arguments.ts";
import {
  describeCrash,
  describeFailure,
  type Failure,
  Interrupted,
} from "./errors.ts";
import { EXIT, EXIT_CODES, type ExitCode, type Outcome } from "./exit.ts";
import { formatHelp, type Help } from "./help.ts";
import { createTerminalIo, type Io, printJson, printLines } from "./io.ts";
import type { Options, Values } from "./options.ts";
import { noProxyOnLoopback } from "../util/proxy.ts";
import { tint } from "./terminal.ts";

/** What a command is. */
export interface TaskDefinition<O extends Options> extends Expected<O> {
  /** As in `deno task <name>`. */
  readonly name: string;
  readonly help: Help;
  /** Runs the command. What it throws becomes a message and an exit code. */
  readonly run: (
    options: Values<O> & { readonly positionals: readonly string[] },
    io: Io,
  ) => Promise<Outcome> | Outcome;
}

/** A command that can be run, with or without a terminal. */
export interface Task {
  readonly name: string;
  /** Never throws. */
  readonly run: (args: readonly string[], io: Io) => Promise<ExitCode>;
}

/** Creates a command. `--help` and `--version` are part of each. */
export function defineTask<const O extends Options>(
  definition: TaskDefinition<O>,
): Task {
  const { name, options, positionals, help } = definition;
  return {
    name,
    async run(args, io) {
      let isJson = false;
      let signal: AbortSignal | undefined;
      const untilInterrupted = () => signal = io.untilInterrupted();
      try {
        if (args.includes("--version")) {
          io.print(`${project.version}, on Deno ${Deno.version.deno}`);
          return EXIT.done;
        }
        if (args.includes("--help") || args.includes("-h")) {
          printLines(io, formatHelp({ help, options, positionals }));
          return EXIT.done;
        }
        const given = readArguments(args, definition);
        isJson = "json" in given && given.json === true;
        const own = { ...io, untilInterrupted };
        return EXIT_CODES[await definition.run(given, own)];
      } catch (error) {
        io.progress();
        // Once it was interrupted, any error may follow.
        const isOwn = !signal?.aborted || error instanceof Interrupted;
        const reason = isOwn ? error : signal?.reason;
        const failure = describeFailure(reason, name);
        const { code, message } = failure;
        if (isJson) printJson(io, "failed", { error: message });
        printFailure(io, failure);
        return code;
      }
    },
  };
}

/** Runs a command and ends the process with its exit code. */
export async function runTask(task: Task): Promise<never> {
  // The sandbox, a function on this machine and its KV are behind no proxy.
  const noProxy = noProxyOnLoopback(Deno.env.toObject());
  if (noProxy !== undefined) Deno.env.set("NO_PROXY", noProxy);
  const io = createTerminalIo();
  const onCrash = (error: unknown): never => {
    const failure = describeCrash(error, task.name);
    printFailure(io, failure);
    Deno.exit(failure.code);
  };
  // Deno would end with 1, which means "done with warnings".
  addEventListener("unhandledrejection", ({ reason }) => onCrash(reason));
  addEventListener("error", ({ error }) => onCrash(error));
  Deno.exit(await task.run(Deno.args, io));
}

/** Further lines are indented: text from outside cannot pose as another message. */
function printFailure(io: Io, { label, message }: Failure): void {
  const [first, ...others] = message.split("\n");
  io.error(`${tint("bad", label)}: ${first}`);
  for (const line of others) io.error(line && `  ${line}`);
}
