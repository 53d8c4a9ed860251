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
