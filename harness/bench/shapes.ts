import {
  PERMISSIONS_SHAPES,
  type PermissionsShape,
} from "../../lib/config/settings.ts";
import { readRecordedLogin } from "./call.ts";
import type { BenchContext } from "./context.ts";
import { startFunction } from "./function_server.ts";
import type { LoadGenerator } from "./load.ts";
import { compareRounds, summarizeRounds } from "./load_row.ts";
import type { LoadRow } from "./load_row.ts";
import { runRounds } from "./rounds.ts";
import { serveUpstream } from "./served_upstream.ts";
import type { Figure } from "./statistics.ts";

/** What the function did with a shape of the claim. */
export interface ShapeRow extends LoadRow {
  readonly shape: PermissionsShape;
  /** Its throughput as a part of that with `list`. */
  readonly ratio: Figure;
}

/** Measures what each shape of the claim costs, with a recorded login. */
export async function measureShapes(
  generator: LoadGenerator,
  context: BenchContext,
): Promise<ShapeRow[]> {
  const { folder, quick } = context;
  const { call, organizations, claims } = await readRecordedLogin();
  await using upstream = serveUpstream({ organizations });
  await using servers = new AsyncDisposableStack();
  const contenders = PERMISSIONS_SHAPES.map((shape) => ({
    name: shape,
    server: servers.use(startFunction(upstream, {
      kv: `${folder}/${shape}.db`,
      log: `${folder}/${shape}.log`,
      env: { PERMISSIONS_SHAPE: shape },
    }, context)),
    call: { ...call, claim: claims[shape] },
  }));
  for (const { server, call } of contenders) await server.ready(call);

  const title = "shapes";
  await runRounds(contenders, {
    title: `${title}, warm-up`,
    rounds: 1,
    seconds: 1,
    generator,
  }, context);
  const rounds = await runRounds(contenders, {
    title,
    rounds: quick ? 2 : 8,
    seconds: quick ? 1 : 2,
    generator,
  }, context);
  return PERMISSIONS_SHAPES.map((shape) => ({
    ...summarizeRounds(shape, rounds.get(shape)!),
    shape,
    ratio: compareRounds(rounds.get(shape)!, rounds.get("list")!).throughput,
  }));
}
