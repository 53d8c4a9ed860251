import type { ColdStartRow } from "./cold_start.ts";
import type { Crowd } from "./crowd.ts";
import type { FirstLogin } from "./first_login.ts";
import type { LoadGenerator } from "./load.ts";
import type { Machine } from "./machine.ts";
import type { Memory } from "./memory.ts";
import type { RealToken } from "./real_token.ts";
import type { Scaling } from "./scaling.ts";
import type { ShapeRow } from "./shapes.ts";
import type { Throughput } from "./throughput.ts";

/** A measurement that ended with an error. */
export interface FailedMeasurement {
  readonly name: string;
  readonly message: string;
}

/** What one run measured; a measurement that was not chosen is absent. */
export interface BenchReport {
  readonly machine: Machine;
  readonly generator: LoadGenerator["name"];
  /** The rounds were too short to judge by. */
  readonly quick: boolean;
  readonly throughput?: Throughput | undefined;
  readonly shapes?: readonly ShapeRow[] | undefined;
  readonly scaling?: Scaling | undefined;
  readonly coldStart?: readonly ColdStartRow[] | undefined;
  readonly firstLogin?: FirstLogin | undefined;
  readonly crowd?: Crowd | undefined;
  readonly memory?: Memory | undefined;
  readonly realToken?: RealToken | undefined;
  readonly failed: readonly FailedMeasurement[];
}
