import { measureProcess } from "../fuzz/process_figures.ts";

/** How often memory is measured, in milliseconds. */
const SAMPLE_MS = 50;

/** Measures a process's memory until it is stopped. */
export function samplePeak(pid: number): { stop(): Promise<number> } {
  let peakMb = 0;
  let isStopped = false;
  const done = (async () => {
    while (!isStopped) {
      const { memoryMb } = await measureProcess(pid);
      peakMb = Math.max(peakMb, memoryMb);
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    }
  })();
  return {
    async stop() {
      isStopped = true;
      await done;
      return peakMb;
    },
  };
}
