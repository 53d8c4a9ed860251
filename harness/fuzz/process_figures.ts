import { runTool } from "../util/run_tool.ts";

export interface ProcessFigures {
  readonly memoryMb: number;
  /** Open sockets; `undefined` on systems without `/proc`. */
  readonly sockets: number | undefined;
}

/** Measures a process from outside, by `ps` and, on Linux, `ls /proc`. */
export async function measureProcess(pid: number): Promise<ProcessFigures> {
  const kilobytes = Number(await run("ps", ["-o", "rss=", "-p", String(pid)]));
  const files = await run("ls", ["-l", `/proc/${pid}/fd`]);
  return {
    memoryMb: kilobytes / 1_024,
    sockets: files === "" ? undefined : files.match(/socket:/g)?.length ?? 0,
  };
}

async function run(program: string, args: string[]): Promise<string> {
  const { stdout } = await runTool(program, args);
  return new TextDecoder().decode(stdout);
}
