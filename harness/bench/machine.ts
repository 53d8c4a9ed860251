import { cpus } from "node:os";

/** A higher load means that other programs distort the figures. */
const BUSY_LOAD_PER_CORE = 0.25;

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly os: string;
  readonly deno: string;
  /** The load average of the minute before the measurements. */
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

/** Reports whether other programs were running. */
export function isBusy({ load, cores }: Machine): boolean {
  return load / cores > BUSY_LOAD_PER_CORE;
}
