import { printable } from "./terminal.ts";

/** A command that takes longer than this shows what it waits for, in milliseconds. */
const SHOW_AFTER_MS = 1_000;

const CLEAR_LINE = "\r\x1b[K";

/** Shows what the command waits for; without a text, removes the line again. */
export type Progress = (text?: string) => void;

/**
 * Creates one line on stderr that says what the command waits for. It appears
 * only on a terminal, and only once the command has taken a second.
 */
export function createProgress(
  isTerminal = Deno.stderr.isTerminal(),
  write = (text: string) =>
    void Deno.stderr.writeSync(new TextEncoder().encode(text)),
): Progress {
  if (!isTerminal) return () => {};
  let text: string | undefined;
  let isVisible = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const draw = () => {
    isVisible = true;
    write(CLEAR_LINE + printable(text ?? ""));
  };
  return (next) => {
    text = next;
    if (text === undefined) {
      clearTimeout(timer);
      timer = undefined;
      if (isVisible) write(CLEAR_LINE);
      isVisible = false;
    } else if (isVisible) draw();
    else timer ??= setTimeout(draw, SHOW_AFTER_MS);
  };
}
