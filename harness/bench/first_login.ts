import { startUpstreamServer } from "../fixtures/upstream_server.ts";
import { sleep } from "../util/sleep.ts";
import { loginOf } from "./call.ts";
import { type BenchContext, startFunction } from "./servers.ts";
import { differences, takeTurns } from "./statistics.ts";
import { type Row, row } from "./table.ts";

/** How long the function listens before the first login comes, in milliseconds. */
const PAUSE_MS = 1_000;

/**
 * Measures what users of organizations that are not known yet wait, at a process
 * that has listened for a second, without KV; and what that process holds.
 */
export async function measureFirstLogin(context: BenchContext): Promise<Row[]> {
  const { quick, progress, signal } = context;
  const [one, two] = [loginOf("1"), loginOf("2")];
  await using upstream = startUpstreamServer({
    organizations: { ...one.organizations, ...two.organizations },
  });
  const settings = { ZITADEL_DOMAIN: upstream.origin, KV_URL: ":memory:" };
  const { login: { first, second, memoryMb } } = await takeTurns({
    login: async () => {
      await using server = startFunction(context, settings);
      await server.listening();
      await sleep(PAUSE_MS, signal);
      const { memoryMb } = await server.usage();
      const first = await server.ask(one);
      return { memoryMb, first, second: await server.ask(two) };
    },
  }, { what: "first login", rounds: quick ? 3 : 21, progress });
  return [
    row("first login", "ms", first),
    row("first login of a second organization", "ms", second),
    row("the first, beyond the second's", "ms", differences(first, second), {
      atMost: 15,
    }),
    row("idle memory", "MB", memoryMb, { atMost: 75 }),
  ];
}
