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
 * How many lines a second are written at once. Beyond that a write for each
 * would cost more than the rest of a call.
 */
const UNHURRIED_LINES_PER_SECOND = 20;

/** How long lines beyond that are gathered, in milliseconds. */
const GATHER_MS = 10;

/**
 * Makes a log of JSON lines. Lines are written at once; under load they are
 * gathered for a moment and written together. An error never waits.
 *
 * @param write Takes one or more whole lines, without the last line break.
 * @param now Tells the time, in milliseconds since 1970.
 * @returns The log.
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
  let time = 0;
  let prefix = "";
  let second = 0;
  let unhurried = 0;
  return (entry) => {
    if (time !== now() || !prefix) {
      time = now();
      prefix = `{"time":"${new Date(time).toISOString()}",`;
      if (second !== Math.floor(time / 1_000)) {
        second = Math.floor(time / 1_000);
        unhurried = 0;
      }
    }
    const count = lines.push(prefix + JSON.stringify(entry).slice(1));
    if (
      entry.level === "error" || ++unhurried <= UNHURRIED_LINES_PER_SECOND
    ) flush();
    else if (count === 1) setTimeout(flush, GATHER_MS);
  };
}

/**
 * Makes a writer of lines to a file, several times as quick as `console.log`.
 * Where nobody reads the log any more, answering goes on.
 *
 * @param out Where to write.
 * @returns The writer.
 */
export function lineWriter(
  out: Pick<typeof Deno.stdout, "writeSync">,
): (lines: string) => void {
  const encoder = new TextEncoder();
  return (lines) => {
    try {
      for (let rest = encoder.encode(`${lines}\n`); rest.length > 0;) {
        rest = rest.subarray(out.writeSync(rest));
      }
    } catch {
      // The reader is gone, or cannot keep up.
    }
  };
}
