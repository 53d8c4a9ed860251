import { runTool } from "./run_tool.ts";

/**
 * The unit of processor time in `/proc`: programs always see hundredths of a
 * second (Linux, `USER_HZ`).
 */
const MICROSECONDS_PER_TICK = 10_000;

export interface ProcessUsage {
  /** The memory it holds now, in megabytes. */
  readonly memoryMb: number;
  /** The processor time since its start, in microseconds; `NaN` on systems without `/proc`. */
  readonly cpuMicroseconds: number;
  /** Open sockets; `undefined` on systems without `/proc`. */
  readonly sockets: number | undefined;
}

/**
 * Measures a process from outside: by `ps`, and on Linux by `/proc`, which Deno
 * itself reads only with all permissions.
 */
export async function readProcessUsage(pid: number): Promise<ProcessUsage> {
  const [kilobytes, stat, files] = await Promise.all([
    run("ps", ["-o", "rss=", "-p", String(pid)]),
    run("cat", [`/proc/${pid}/stat`]),
    run("ls", ["-l", `/proc/${pid}/fd`]),
  ]);
  // The second field is the program's name, which can contain spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system] = fields.slice(11).map(Number);
  return {
    memoryMb: Number(kilobytes) / 1_024,
    cpuMicroseconds: (user! + system!) * MICROSECONDS_PER_TICK,
    sockets: files === "" ? undefined : files.match(/socket:/g)?.length ?? 0,
  };
}

async function run(program: string, args: string[]): Promise<string> {
  const { stdout } = await runTool(program, args);
  return new TextDecoder().decode(stdout);
}
