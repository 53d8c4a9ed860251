import { connect } from "./client.ts";
import { listExecutions } from "./execution.ts";
import { listTargets } from "./target.ts";

/** A target that ZITADEL asks before it issues something, or tells of changes. */
export interface Binding {
  /** Such as `function/preaccesstoken`. */
  readonly condition: string;
  readonly name: string;
  readonly endpoint: string;
  /** Whether a failure of the target fails the login. */
  readonly interruptOnError: boolean;
}

/** Conditions that this function is bound to. */
const OURS =
  /^function\/pre(?:accesstoken|userinfo)$|^event(?:\/.*org\.metadata|$)/;

/** Reads with an administrator's token which targets are bound, live at every call. */
export async function readBinding(
  origin: string,
  adminToken: string,
): Promise<Binding[]> {
  const instance = connect(origin, adminToken);
  const [targets, executions] = await Promise.all([
    listTargets(instance),
    listExecutions(instance),
  ]);
  return executions.filter(({ condition }) => OURS.test(condition))
    .flatMap(({ condition, targets: ids }) =>
      ids.flatMap((id) => {
        const target = targets.find((it) => it.id === id);
        if (!target) return [];
        const { name, endpoint, interruptOnError } = target;
        return [{ condition, name, endpoint, interruptOnError }];
      })
    );
}
