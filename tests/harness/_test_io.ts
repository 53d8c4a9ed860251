import { stripVTControlCharacters } from "node:util";
import { printed } from "../../harness/cli/terminal.ts";
import type { Io } from "../../harness/cli/io.ts";

/** What a command without a terminal has of the outside, and what it wrote. */
export function createTestIo(
  options: {
    readonly env?: Io["env"];
    readonly answer?: boolean | undefined;
    readonly signal?: AbortSignal;
    readonly progress?: Io["progress"];
  } = {},
) {
  const { env = {}, answer, signal = new AbortController().signal } = options;
  const { progress = () => {} } = options;
  const out: string[] = [];
  const errors: string[] = [];
  const io: Io = {
    print: (line) => void out.push(printed(line)),
    error: (line) => void errors.push(printed(line)),
    progress,
    ask: () => answer,
    env,
    untilInterrupted: () => signal,
  };
  const textOf = (lines: string[]) => () =>
    stripVTControlCharacters(lines.join("\n"));
  return { io, printed: textOf(out), errors: textOf(errors) };
}
