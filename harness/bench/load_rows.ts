import type { Memory } from "./memory.ts";
import {
  atLeast,
  atMost,
  count,
  exactly,
  failures,
  type Row,
  type Target,
} from "./row.ts";
import type { Scaling } from "./scaling.ts";
import type { ShapeRow } from "./shapes.ts";
import type { Figure } from "./statistics.ts";
import type { Throughput } from "./throughput.ts";

/** How the rows name the servers of the throughput measurement. */
const SERVERS: Readonly<Record<string, string>> = {
  bare: "bare Deno.serve",
  floor: "floor",
  info: "function, info",
  warn: "function, warn",
};

export function throughputRows(
  { rows, info, warn, upstreamCalls }: Throughput,
): Row[] {
  const group = "Throughput, warm";
  const ofFloor = (name: string, value: Figure, target?: Target): Row => ({
    group,
    name: `${name}, of the floor's`,
    unit: "x",
    value,
    ...(target && { target }),
  });
  return [
    ...rows.flatMap(({ name, requestsPerSecond, p99Ms }): Row[] => [
      {
        group,
        name: `${SERVERS[name]}: requests`,
        unit: "/s",
        value: requestsPerSecond,
      },
      { group, name: `${SERVERS[name]}: p99`, unit: "ms", value: p99Ms },
    ]),
    ofFloor("function, info: requests", info.throughput, atLeast(0.82)),
    ofFloor("function, warn: requests", warn.throughput, atLeast(0.87)),
    ofFloor("function, info: p99", info.p99, atMost(1.15)),
    ofFloor("function, warn: p99", warn.p99),
    ...info.cpu ? [ofFloor("function, info: CPU time", info.cpu)] : [],
    ...warn.cpu ? [ofFloor("function, warn: CPU time", warn.cpu)] : [],
    failures(group, rows),
    {
      group,
      name: "calls to ZITADEL when warm",
      unit: "",
      value: upstreamCalls,
      target: exactly(0),
    },
  ];
}

export function shapeRows(rows: readonly ShapeRow[]): Row[] {
  const group = "Shapes, warm";
  return [
    ...rows.filter(({ shape }) => shape !== "list").map(({ shape, ratio }) => ({
      group,
      name: `${shape}: requests, of list's`,
      unit: "x" as const,
      value: ratio,
      target: atLeast(0.9),
    })),
    failures(group, rows),
  ];
}

export function scalingRows({ entries, roles }: Scaling): Row[] {
  const group = "Size, warm";
  const largest = entries.at(-1)!;
  return [
    ...entries.slice(1).map((row): Row => ({
      group,
      name: `${count(row.entries)} entries: requests, of those with ${
        entries[0]!.entries
      }`,
      unit: "x",
      value: row.ratio,
      ...(row === largest && { target: atLeast(0.98) }),
    })),
    ...roles.slice(1).map((row): Row => ({
      group,
      name: `${row.roles} roles: requests, of those with ${roles[0]!.roles}`,
      unit: "x",
      value: row.ratio,
    })),
    failures(group, [...entries, ...roles]),
  ];
}

export function memoryRows(memory: Memory): Row[] {
  const group = `${count(memory.requests)} requests of ${
    count(memory.organizations)
  } organizations`;
  const megabytes = ({ median, low, high }: Figure): Figure => ({
    median: median / 1e6,
    low: low / 1e6,
    high: high / 1e6,
  });
  return [
    {
      group,
      name: "memory, last tenth",
      unit: "MB",
      value: megabytes(memory.lastTenthBytes),
    },
    {
      group,
      name: "memory, last tenth, of the second tenth's",
      unit: "x",
      value: memory.ratio,
      target: atMost(1.05),
    },
    failures(group, [memory]),
  ];
}
