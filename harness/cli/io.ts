import type { Outcome } from "./exit.ts";
import { onInterrupt } from "./interrupt.ts";
import { createProgress, type Progress } from "./progress.ts";
import { ask, printed, UNPRINTABLE } from "./terminal.ts";

/** All that a command has of the outside: tests pass one without a terminal. */
export interface Io {
  /**
   * Writes one line to stdout: plans and results. It may hold text from outside: all
   * but the colours of `tint` is escaped, line breaks too.
   */
  readonly print: (line: string) => void;
  /** Writes one line to stderr, as `print` does. */
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
  let interrupted: AbortSignal | undefined;
  const above = (write: (line: string) => void) => (line: string) => {
    progress();
    write(printed(line));
  };
  return {
    print: above(console.log),
    error: above(console.error),
    progress,
    ask,
    get env() {
      return Deno.env.toObject();
    },
    untilInterrupted: () => interrupted ??= onInterrupt(),
  };
}

/** Prints the JSON document of a command and returns its outcome. */
export function printJson<T extends Outcome>(
  io: Io,
  outcome: T,
  document: Readonly<Record<string, unknown>>,
): T {
  printLines(io, escapeJson(JSON.stringify({ outcome, ...document }, null, 2)));
  return outcome;
}

/** Escapes in a JSON text what steers a terminal; to a reader of JSON it is the same. */
export function escapeJson(json: string): string {
  return json.replace(
    UNPRINTABLE,
    (character) => character === "\n" ? character : jsonEscape(character),
  );
}

/** Prints a text of this project's own, whose line breaks are meant. */
export function printLines({ print }: Pick<Io, "print">, text: string): void {
  for (const line of text.split("\n")) print(line);
}

function jsonEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
