import { printable } from "./terminal.ts";

/** A command that takes longer than this shows what it waits for, in milliseconds. */
const SHOW_AFTER_MS = 1_000;

const CLEAR_LINE = "\r\x1b[K";

/** Shows what the command waits for; without a text, removes the line again. */
export type Progress = (text?: string) => void;

/** What progress is shown on; tests replace it. */
export interface ProgressPlatform {
  readonly isTerminal: boolean;
  readonly write: (text: string) => void;
  /** Calls back after some milliseconds; returns what cancels it. */
  readonly after: (ms: number, callback: () => void) => () => void;
}

/**
 * Creates one line on stderr that says what the command waits for. It appears
 * only on a terminal, and only once the command has taken a second.
 */
export function createProgress(
  { isTerminal, write, after }: ProgressPlatform = STDERR,
): Progress {
  if (!isTerminal) return () => {};
  let text: string | undefined;
  let isVisible = false;
  let cancel: (() => void) | undefined;
  const draw = () => {
    isVisible = true;
    write(CLEAR_LINE + printable(text ?? ""));
  };
  return (next) => {
    text = next;
    if (text === undefined) {
      cancel?.();
      cancel = undefined;
      if (isVisible) write(CLEAR_LINE);
      isVisible = false;
    } else if (isVisible) draw();
    else cancel ??= after(SHOW_AFTER_MS, draw);
  };
}

const ENCODER = new TextEncoder();

const STDERR: ProgressPlatform = {
  get isTerminal() {
    return Deno.stderr.isTerminal();
  },
  write: (text) => void Deno.stderr.writeSync(ENCODER.encode(text)),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
