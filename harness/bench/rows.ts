import {
  coldStartRows,
  crowdRows,
  firstLoginRows,
  realTokenRows,
} from "./latency_rows.ts";
import {
  memoryRows,
  scalingRows,
  shapeRows,
  throughputRows,
} from "./load_rows.ts";
import type { BenchReport } from "./report.ts";
import type { Row } from "./row.ts";

/** Lists the figures of a report. */
export function rowsOf(report: BenchReport): Row[] {
  const { throughput, shapes, scaling, coldStart, firstLogin } = report;
  const { crowd, memory, realToken } = report;
  return [
    ...throughput ? throughputRows(throughput) : [],
    ...shapes ? shapeRows(shapes) : [],
    ...scaling ? scalingRows(scaling) : [],
    ...coldStart ? coldStartRows(coldStart) : [],
    ...firstLogin ? firstLoginRows(firstLogin) : [],
    ...crowd ? crowdRows(crowd) : [],
    ...memory ? memoryRows(memory) : [],
    ...realToken ? realTokenRows(realToken) : [],
  ];
}
