import { decodeJwt } from "jose";
import { startSandbox } from "../../harness/sandbox/sandbox.ts";
import { connect } from "../../harness/zitadel/client.ts";
import { clientCredentials, roleScopes } from "../../harness/zitadel/login.ts";
import { createScratchOrganization } from "../../harness/zitadel/scratch_organization.ts";

/** A sandbox, its administrator's connection, and an organization with all that a login needs. */
export async function startScratch() {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox());
  const instance = connect(sandbox.origin, sandbox.adminToken);
  const scratch = stack.use(await createScratchOrganization(instance));
  const started = stack.move();
  return {
    sandbox,
    instance,
    scratch,
    /** Returns the permissions in a new token of the service user. */
    async permissions() {
      const { accessToken } = await clientCredentials(sandbox.origin, {
        ...scratch.robot,
        scope: roleScopes(scratch.project.id),
      });
      return decodeJwt<{ permissions?: string[] }>(accessToken).permissions;
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}
