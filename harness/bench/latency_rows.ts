import type { ColdStartName, ColdStartRow } from "./cold_start.ts";
import type { Crowd } from "./crowd.ts";
import type { FirstLogin } from "./first_login.ts";
import type { RealToken } from "./real_token.ts";
import { atMost, count, exactly, type Row, type Target } from "./row.ts";

const COLD_STARTS: Readonly<
  Record<ColdStartName, { readonly name: string; readonly target?: Target }>
> = {
  "bare": { name: "bare Deno.serve" },
  "no KV": { name: "from ZITADEL, no KV", target: atMost(4) },
  "empty KV": { name: "from ZITADEL, empty KV" },
  "warm KV": { name: "from a warm KV", target: atMost(1.9) },
};

export function coldStartRows(rows: readonly ColdStartRow[]): Row[] {
  const group = "First answer, from the start of the process";
  return [
    ...rows.map(({ name, ms }): Row => ({
      group,
      name: COLD_STARTS[name].name,
      unit: "ms",
      value: ms,
    })),
    ...rows.filter(({ name }) => name !== "bare").map((row): Row => {
      const { name, target } = COLD_STARTS[row.name];
      return {
        group,
        name: `${name}, of the bare start`,
        unit: "x",
        value: row.ratio,
        ...(target && { target }),
      };
    }),
    ...rows.filter(({ name }) => name === "warm KV").map((row): Row => ({
      group,
      name: "calls to ZITADEL with a warm KV",
      unit: "",
      value: row.upstreamCalls,
      target: exactly(0),
    })),
  ];
}

export function firstLoginRows(
  { firstMs, secondMs, warmMs, differenceMs }: FirstLogin,
): Row[] {
  const group = "First login, a second after the start";
  return [
    { group, name: "first login", unit: "ms", value: firstMs },
    {
      group,
      name: "first login of a second organization",
      unit: "ms",
      value: secondMs,
    },
    { group, name: "its next login", unit: "ms", value: warmMs },
    {
      group,
      name: "the first, beyond the second organization's",
      unit: "ms",
      value: differenceMs,
      target: atMost(15),
    },
  ];
}

export function crowdRows({ requests, right, lookups, ms }: Crowd): Row[] {
  const group = `${count(requests)} first logins of one organization at once`;
  return [
    { group, name: "look-ups", unit: "", value: lookups, target: exactly(1) },
    {
      group,
      name: "correct replies",
      unit: "",
      value: right,
      target: exactly(requests),
    },
    { group, name: "to the last reply", unit: "ms", value: Math.round(ms) },
  ];
}

export function realTokenRows(real: RealToken): Row[] {
  const group = `Token of a real ZITADEL, ${real.tokens} each in turn`;
  const ways = [
    ["nothing bound", real.without],
    ["constant target", real.constant],
    ["function", real.withFunction],
  ] as const;
  return [
    ...ways.flatMap(([name, { p50Ms, p99Ms }]): Row[] => [
      { group, name: `${name}: p50`, unit: "ms", value: p50Ms },
      { group, name: `${name}: p99`, unit: "ms", value: p99Ms },
    ]),
    {
      group,
      name: "function: added, p50",
      unit: "ms",
      value: real.added.p50Ms,
      target: atMost(0.5),
    },
    {
      group,
      name: "function: added beyond the constant target, p50",
      unit: "ms",
      value: real.own.p50Ms,
    },
    {
      group,
      name: "function: added, p99",
      unit: "ms",
      value: real.added.p99Ms,
    },
  ];
}
