import { cpus } from "node:os";

/** Load above which figures say as much of other programs as of these. */
const BUSY_LOAD_PER_CORE = 0.25;

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly os: string;
  readonly deno: string;
  /**
   * The load before anything was measured: how many programs wanted to run in the last minute.
   */
  readonly load: number;
}

export function readMachine(): Machine {
  const models = cpus().map(({ model }) => model.trim());
  return {
    cpu: models[0] ?? "unknown processor",
    cores: navigator.hardwareConcurrency,
    os: `${Deno.build.os} ${Deno.build.arch}`,
    deno: Deno.version.deno,
    load: Deno.loadavg()[0]!,
  };
}

/** Says whether a machine had other things to do. */
export function isBusy({ load, cores }: Machine): boolean {
  return load / cores > BUSY_LOAD_PER_CORE;
}
