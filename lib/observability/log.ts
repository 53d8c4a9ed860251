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

/** How many bytes may wait for a reader of the log that does not keep up. */
const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * Makes a writer of lines to a file, several times as quick as `console.log`.
 * Answering never waits for whoever reads the log: what it does not take in
 * time is dropped, and how much is said once it reads again.
 *
 * @param out Where to write.
 * @returns The writer.
 */
export function lineWriter(
  out: Pick<typeof Deno.stdout, "write">,
): (lines: string) => void {
  const encoder = new TextEncoder();
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  let dropped = 0;
  let isWriting = false;

  const write = async () => {
    isWriting = true;
    try {
      for (let next; (next = waiting.shift());) {
        bytes -= next.length;
        while (next.length > 0) next = next.subarray(await out.write(next));
        if (dropped > 0 && waiting.length === 0) {
          const entry = {
            level: "warn",
            message: "Log lines were dropped: nobody read them",
            dropped,
          };
          dropped = 0;
          waiting.push(encoder.encode(`${JSON.stringify(entry)}\n`));
          bytes += waiting[0]!.length;
        }
      }
    } catch {
      // Nobody reads the log any more.
      waiting = [];
      bytes = 0;
    }
    isWriting = false;
  };

  return (lines) => {
    const text = encoder.encode(`${lines}\n`);
    if (bytes + text.length > MAX_WAITING_BYTES) {
      dropped += lines.split("\n").length;
      return;
    }
    waiting.push(text);
    bytes += text.length;
    if (!isWriting) void write();
  };
}
