import { startSandbox } from "../../harness/sandbox/sandbox.ts";
import { connect } from "../../harness/zitadel/client.ts";
import { createScratchOrganization } from "../../harness/zitadel/scratch_organization.ts";

/** A sandbox, its administrator's connection, and an organization with all that a login needs. */
export async function startScratch() {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox());
  const instance = connect(sandbox.origin, sandbox.adminToken);
  const scratch = stack.use(await createScratchOrganization(instance));
  const started = stack.move();
  return {
    ...{ sandbox, instance, scratch },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}
