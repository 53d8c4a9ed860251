import { type Call, generateCall, readRecordedLogin } from "./call.ts";
import type { BenchContext } from "./context.ts";
import { startFunction } from "./function_server.ts";
import type { LoadGenerator } from "./load.ts";
import { compareRounds, type LoadRow, summarizeRounds } from "./load_row.ts";
import { runRounds } from "./rounds.ts";
import { serveUpstream } from "./served_upstream.ts";
import type { Figure } from "./statistics.ts";

const MAPPING_ENTRIES = [10, 1_000, 10_000];
/** The user's roles while the mapping grows. */
const ROLES = 2;
const USER_ROLES = [1, 10, 100];
/** The mapping's entries while the roles grow. */
const ENTRIES = 100;

/** What the function did with a mapping, or a user, of some size. */
export interface ScalingRow extends LoadRow {
  readonly entries: number;
  readonly roles: number;
  readonly payloadBytes: number;
  /** Its throughput as a part of that with the smallest. */
  readonly ratio: Figure;
}

/** The function with ever larger mappings, and with users of ever more roles. */
export interface Scaling {
  /** By the size of the mapping. */
  readonly entries: readonly ScalingRow[];
  /** By the user's roles. The call and the reply grow too. */
  readonly roles: readonly ScalingRow[];
}

/**
 * Measures the cost of large mappings and many roles: one function, an
 * organization for each size.
 */
export async function measureScaling(
  generator: LoadGenerator,
  context: BenchContext,
): Promise<Scaling> {
  const { folder, quick } = context;
  const login = await readRecordedLogin();
  const kinds = [
    ...MAPPING_ENTRIES.map((entries) => ({ entries, roles: ROLES })),
    ...USER_ROLES.map((roles) => ({ entries: ENTRIES, roles })),
  ].map((kind, index) => {
    const organization = String(index + 1);
    return { ...kind, ...generateCall(login, { ...kind, organization }) };
  });
  await using upstream = serveUpstream({
    organizations: Object.fromEntries(
      kinds.map(({ call, known }) => [call.organization, known]),
    ),
  });
  await using server = startFunction(upstream, {
    kv: `${folder}/scaling.db`,
    log: `${folder}/scaling.log`,
  }, context);
  await server.ready();
  for (const { call } of kinds) await server.ask(call);

  const measure = async (
    group: readonly { entries: number; roles: number; call: Call }[],
  ): Promise<ScalingRow[]> => {
    const contenders = group.map(({ entries, roles, call }) => ({
      name: `${entries.toLocaleString("en")} entries, ${roles} ${
        roles === 1 ? "role" : "roles"
      }`,
      server,
      call,
    }));
    await runRounds(contenders, {
      title: "scaling, warm-up",
      rounds: 1,
      seconds: 1,
      generator,
    }, context);
    const rounds = await runRounds(contenders, {
      title: "scaling",
      rounds: quick ? 2 : 8,
      seconds: quick ? 1 : 2,
      generator,
    }, context);
    const smallest = rounds.get(contenders[0]!.name)!;
    return group.map(({ entries, roles, call }, index) => {
      const { name } = contenders[index]!;
      return {
        ...summarizeRounds(name, rounds.get(name)!),
        entries,
        roles,
        payloadBytes: new TextEncoder().encode(call.body).length,
        ratio: compareRounds(rounds.get(name)!, smallest).throughput,
      };
    });
  };
  return {
    entries: await measure(kinds.slice(0, MAPPING_ENTRIES.length)),
    roles: await measure(kinds.slice(MAPPING_ENTRIES.length)),
  };
}
