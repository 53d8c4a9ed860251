import { progress } from "../cli/terminal.ts";

/** What every measurement runs in. */
export interface BenchContext {
  readonly signal: AbortSignal;
  /** A folder for files, removed at the end. */
  readonly folder: string;
  /**
   * Whether to measure only as long as it takes to try the measurement itself.
   */
  readonly quick: boolean;
  readonly progress: (text: string) => void;
}

/**
 * Runs measurements in a folder of their own, and clears up behind them: when
 * they end, when they fail, and when the user interrupts them.
 */
export async function withBenchContext<T>(
  run: (context: BenchContext) => Promise<T>,
  { quick }: { quick: boolean },
): Promise<T> {
  const controller = new AbortController();
  const interrupt = () =>
    controller.abort(new DOMException("Interrupted", "AbortError"));
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const name of signals) Deno.addSignalListener(name, interrupt);
  const folder = await Deno.makeTempDir({ prefix: "bench_" });
  const show = progress();
  try {
    return await run({
      signal: controller.signal,
      folder,
      quick,
      progress: show,
    });
  } finally {
    show();
    for (const name of signals) Deno.removeSignalListener(name, interrupt);
    await Deno.remove(folder, { recursive: true });
  }
}
