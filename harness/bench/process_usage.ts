import { runTool } from "../util/run_tool.ts";

/**
 * The unit of processor time in `/proc`: programs always see hundredths of a
 * second (Linux, `USER_HZ`).
 */
const MICROSECONDS_PER_TICK = 10_000;

export interface ProcessUsage {
  /** The memory it holds now, in megabytes. */
  readonly memoryMb: number;
  /** The processor time since its start, in microseconds. */
  readonly cpuMicroseconds: number;
}

/**
 * Reads a process's usage from Linux's `/proc`; `undefined` elsewhere. By `cat`:
 * Deno wants all permissions for reading it.
 */
export async function readProcessUsage(
  pid: number,
): Promise<ProcessUsage | undefined> {
  const files = [`/proc/${pid}/status`, `/proc/${pid}/stat`];
  const { success, stdout } = await runTool("cat", files);
  return success
    ? parseProcessUsage(new TextDecoder().decode(stdout))
    : undefined;
}

/** Parses proc_pid_status(5) followed by proc_pid_stat(5). */
export function parseProcessUsage(text: string): ProcessUsage {
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1];
  // The second field is the program's name, which can contain spaces and brackets.
  const [, , , , , , , , , , , user, system] = text
    .slice(text.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(user) + Number(system);
  if (resident === undefined || !Number.isFinite(ticks)) {
    throw new TypeError("Cannot read what a process takes from /proc");
  }
  return {
    memoryMb: Number(resident) / 1024,
    cpuMicroseconds: ticks * MICROSECONDS_PER_TICK,
  };
}
