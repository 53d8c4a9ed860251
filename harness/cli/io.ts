import type { Outcome } from "./exit.ts";
import { type Interrupt, onInterrupt } from "./interrupt.ts";
import { createProgress, type Progress } from "./progress.ts";
import { ask, UNPRINTABLE } from "./terminal.ts";

/** All that a command has of the outside: tests pass one without a terminal. */
export interface Io {
  /** Writes a line to stdout: plans and results. */
  readonly print: (line: string) => void;
  /** Writes a line to stderr. */
  readonly error: (line: string) => void;
  readonly progress: Progress;
  /** Returns `undefined` if there is no terminal to ask on. */
  readonly ask: (question: string) => boolean | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C, which from now on does not end the process by itself. */
  readonly untilInterrupted: () => AbortSignal;
}

export function createTerminalIo(): Io {
  const progress = createProgress();
  let interrupt: Interrupt | undefined;
  const above = (write: (line: string) => void) => (line: string) => {
    progress();
    write(line);
  };
  return {
    print: above(console.log),
    error: above(console.error),
    progress,
    ask,
    get env() {
      return Deno.env.toObject();
    },
    untilInterrupted: () => (interrupt ??= onInterrupt()).signal,
  };
}

/**
 * Prints the JSON document of a command and returns its outcome. Characters
 * that steer a terminal come as escapes: names in it come from outside.
 */
export function printJson<T extends Outcome>(
  io: Io,
  outcome: T,
  document: Readonly<Record<string, unknown>>,
): T {
  const json = JSON.stringify({ outcome, ...document }, null, 2);
  io.print(
    json.replace(
      UNPRINTABLE,
      (character) => character === "\n" ? character : jsonEscape(character),
    ),
  );
  return outcome;
}

function jsonEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
