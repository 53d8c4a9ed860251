/**
 * The unit of processor time in `/proc`: programs always see hundredths of a
 * second (Linux, `USER_HZ`).
 */
const MICROSECONDS_PER_TICK = 10_000;

export interface ProcessUsage {
  /** The memory it holds now, in bytes. */
  readonly residentBytes: number;
  /** The processor time since its start, in microseconds. */
  readonly cpuMicroseconds: number;
}

/** Reads a process's usage from Linux's `/proc`. */
export async function readProcessUsage(
  pid: number,
): Promise<ProcessUsage | undefined> {
  try {
    const [status, stat] = await Promise.all([
      Deno.readTextFile(`/proc/${pid}/status`),
      Deno.readTextFile(`/proc/${pid}/stat`),
    ]);
    return parseProcessUsage(status, stat);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * Parses a process's files in `/proc` (proc_pid_status(5), proc_pid_stat(5)).
 */
export function parseProcessUsage(status: string, stat: string): ProcessUsage {
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  // The second field is the program's name, which can contain spaces and
  // brackets.
  const [, , , , , , , , , , , user, system] = stat
    .slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(user) + Number(system);
  if (resident === undefined || !Number.isFinite(ticks)) {
    throw new TypeError(
      "Cannot read what a process takes: /proc is of another form",
    );
  }
  return {
    residentBytes: Number(resident) * 1024,
    cpuMicroseconds: ticks * MICROSECONDS_PER_TICK,
  };
}
