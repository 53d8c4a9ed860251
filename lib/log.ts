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
 * Makes a log of JSON lines. Lines that come in one turn of the event loop are
 * written together, since under load a write each costs more than the rest of
 * a call; an error is written at once.
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
  return (entry) => {
    if (time !== now() || !prefix) {
      time = now();
      prefix = `{"time":"${new Date(time).toISOString()}",`;
    }
    const count = lines.push(prefix + JSON.stringify(entry).slice(1));
    if (entry.level === "error") flush();
    else if (count === 1) setTimeout(flush, 0);
  };
}
