import type { Io } from "../cli/io.ts";
import { FUNCTION_SCRIPT } from "./server_process.ts";

/** What every measurement runs in. */
export interface BenchContext {
  readonly signal: AbortSignal;
  /** A folder for files, removed at the end. */
  readonly folder: string;
  /** The function's program. */
  readonly entry: URL;
  /** Short rounds, to try the measurements themselves. */
  readonly quick: boolean;
  /** Shows what is being measured. */
  readonly progress: (text: string) => void;
}

/**
 * Runs measurements in a folder of their own, which is removed when they end,
 * fail or are interrupted.
 */
export async function withBenchContext<T>(
  io: Pick<Io, "progress" | "untilInterrupted">,
  { quick, entry = FUNCTION_SCRIPT }: {
    readonly quick: boolean;
    readonly entry?: URL | undefined;
  },
  run: (context: BenchContext) => Promise<T>,
): Promise<T> {
  const signal = io.untilInterrupted();
  const folder = await Deno.makeTempDir({ prefix: "bench_" });
  try {
    return await run({ signal, folder, quick, entry, progress: io.progress });
  } finally {
    io.progress();
    await Deno.remove(folder, { recursive: true });
  }
}
