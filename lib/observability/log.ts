/** A line of the log: flat, so that any log store can search it. */
export interface LogEntry {
  /** `error`: someone must act. `warn`: someone should look. */
  readonly level: "info" | "warn" | "error";
  /** What happened, in one sentence that holds nothing personal. */
  readonly message: string;
  /** Whatever else is known, as plain values. */
  readonly [field: string]: string | number | boolean | undefined;
}

/** Takes a line of the log. Given to `lib/`, which writes nothing by itself. */
export type Log = (entry: LogEntry) => void;

/**
 * How many lines a second are written one by one. Beyond that, a write for each
 * would cost more than the rest of a call.
 */
const UNBATCHED_LINES_PER_SECOND = 20;

/** How long lines beyond that are collected, in milliseconds. */
const BATCH_MS = 10;

/**
 * Creates a log of JSON lines. Lines are written at once; under load they are
 * collected for a moment and written together. An error never waits.
 *
 * @param write Takes one or more whole lines, without the last line break.
 */
export function createLog(
  write: (lines: string) => void,
  now: () => number,
): Log {
  let lines: string[] = [];
  const flush = () => {
    if (lines.length === 0) return;
    const text = lines.join("\n");
    lines = [];
    write(text);
  };
  let time: number | undefined;
  let prefix = "";
  let second: number | undefined;
  let unbatched = 0;
  return (entry) => {
    if (time !== now()) {
      time = now();
      prefix = `{"time":"${new Date(time).toISOString()}",`;
      if (second !== Math.floor(time / 1_000)) unbatched = 0;
      second = Math.floor(time / 1_000);
    }
    const count = lines.push(prefix + JSON.stringify(entry).slice(1));
    if (
      entry.level === "error" || ++unbatched <= UNBATCHED_LINES_PER_SECOND
    ) flush();
    else if (count === 1) setTimeout(flush, BATCH_MS);
  };
}

/** Limits a log to what needs attention, if the level is `warn`. */
export function atLevel(level: "info" | "warn", log: Log): Log {
  if (level === "info") return log;
  return function logWarnings(entry) {
    if (entry.level !== "info") log(entry);
  };
}

/** How much may wait for a reader of the log that does not keep up, in characters. */
const MAX_WAITING_CHARACTERS = 512 * 1024;

/**
 * Creates a writer of lines to a file, several times as fast as `console.log`.
 * Answers never wait for the reader of the log: what it does not take in time is
 * dropped, and counted in a line of its own once it reads again.
 */
export function lineWriter(
  out: Pick<typeof Deno.stdout, "write">,
): (lines: string) => void {
  const encoder = new TextEncoder();
  let waiting = "";
  let dropped = 0;
  let isWriting = false;

  const write = async () => {
    isWriting = true;
    try {
      while (waiting !== "") {
        let bytes = encoder.encode(waiting);
        waiting = "";
        while (bytes.length > 0) bytes = bytes.subarray(await out.write(bytes));
        if (dropped === 0 || waiting !== "") continue;
        const message = "Log lines were dropped: the reader did not keep up";
        waiting = JSON.stringify({ level: "warn", message, dropped }) + "\n";
        dropped = 0;
      }
    } catch {
      waiting = ""; // The reader is gone.
    }
    isWriting = false;
  };

  return (lines) => {
    if (waiting.length + lines.length >= MAX_WAITING_CHARACTERS) {
      dropped += lines.split("\n").length;
      return;
    }
    waiting += `${lines}\n`;
    if (!isWriting) void write();
  };
}
