/** The exit codes of every command; the three high ones are those of sysexits.h and of shells. */
export const EXIT = {
  done: 0,
  /** Done with warnings, declined by the user, or `--dry-run` found changes. */
  warnings: 1,
  /** Not done, or a check failed. */
  failed: 2,
  /** Wrong usage or settings (EX_USAGE). */
  usage: 64,
  /** A fault of the command itself (EX_SOFTWARE). */
  crash: 70,
  /** 128 + SIGINT. */
  interrupted: 130,
} as const;

export type ExitCode = typeof EXIT[keyof typeof EXIT];

/** How a command ended; the `outcome` of its JSON document. */
export type Outcome = "done" | "changes" | "warnings" | "declined" | "failed";

/** With which code each outcome ends. */
export const EXIT_CODES: Readonly<Record<Outcome, ExitCode>> = {
  done: EXIT.done,
  changes: EXIT.warnings,
  warnings: EXIT.warnings,
  declined: EXIT.warnings,
  failed: EXIT.failed,
};
