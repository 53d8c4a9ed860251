import { decodeJwt, type JWTPayload, SignJWT } from "jose";
import { startWebhookTarget } from "../../../harness/conformance/webhook_target.ts";
import { ownWebKey } from "../../../harness/sandbox/instance.ts";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import { setExecution } from "../../../harness/zitadel/execution.ts";
import {
  clientCredentials,
  login,
  roleScopes,
} from "../../../harness/zitadel/login.ts";
import { createCredential } from "../../../harness/zitadel/credential.ts";
import { createTarget } from "../../../harness/zitadel/target.ts";

/** The project of world.json that the API belongs to. */
export const PROJECT = "390000000000000011";

/** The client ids of world.json's applications, and the service user's name. */
export const SHOP = "390000000000000022";
const OPAQUE_SHOP = "390000000000000024";
export const ROBOT = "ci-runner";
const ROBOT_ID = "390000000000000044";
const ORGANIZATION = "390000000000000001";

/** The API application of world.json, which may introspect. */
export const API_CLIENT = {
  CLIENT_ID: "390000000000000026",
  CLIENT_SECRET: "sandbox-orders-api",
};

/** A running sandbox, and tokens of it. */
export interface Issuer extends AsyncDisposable {
  readonly origin: string;
  /** What Alice gets by code and PKCE; the claim is in both tokens. */
  readonly alice: { readonly accessToken: string; readonly idToken: string };
  /** Alice's access token for an application with opaque tokens. */
  readonly opaque: string;
  /** What ci-runner gets by client credentials. */
  readonly robot: string;
  /** What ci-runner gets if it asks for no project: another audience. */
  readonly elsewhere: string;
  /** A personal access token of ci-runner. */
  readonly personal: string;
  /** Revokes an opaque or personal token. */
  revoke(token: string): void;
  /** Changes what the target appends from now on. */
  append(name: string, value: unknown): void;
  /** Signs a copy of Alice's access token with other claims; `undefined` removes one. */
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>;
}

/**
 * Starts a sandbox in which every token carries `permissions: ["posts:read"]`,
 * appended by a target.
 */
export async function startIssuer(): Promise<Issuer> {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox());
  const target = stack.use(startWebhookTarget());
  const append = (key: string, value: unknown) => {
    target.replyWith(() => Response.json({ append_claims: [{ key, value }] }));
  };
  append("permissions", ["posts:read"]);
  const instance = connect(sandbox.origin, sandbox.adminToken);
  const { id } = await createTarget(instance, {
    name: "permissions",
    endpoint: target.origin,
    timeoutSeconds: 5,
    interruptOnError: true,
  });
  for (const name of ["preaccesstoken", "preuserinfo"]) {
    const condition = `function/${name}`;
    await setExecution(instance, { condition, targets: [id] });
  }
  const logIn = (clientId: string) =>
    login(sandbox.origin, {
      clientId,
      redirectUri: "http://localhost:9000/callback",
      scope: roleScopes(PROJECT),
      loginName: "alice",
      password: "any",
      loginClientToken: sandbox.loginClientToken,
    });
  const { accessToken, idToken } = await logIn(SHOP);
  const opaque = await logIn(OPAQUE_SHOP);
  const robotToken = async (scope: string) => {
    const { accessToken } = await clientCredentials(sandbox.origin, {
      clientId: ROBOT,
      clientSecret: "sandbox-ci-runner",
      scope,
    });
    return accessToken;
  };
  const { kid, privateKey } = await ownWebKey();
  const { value: personal } = await createCredential(instance, {
    organization: ORGANIZATION,
    user: ROBOT_ID,
  }, { kind: "pat", days: 1 });
  const running = stack.move();
  return {
    origin: sandbox.origin,
    alice: { accessToken, idToken: idToken! },
    opaque: opaque.accessToken,
    robot: await robotToken(roleScopes(PROJECT)),
    elsewhere: await robotToken("openid"),
    personal,
    revoke: (token) => sandbox.world.accessTokens.delete(token),
    append,
    sign: (claims) =>
      new SignJWT({ ...decodeJwt(accessToken), ...claims } as JWTPayload)
        .setProtectedHeader({ alg: "RS256", kid, typ: "JWT" })
        .sign(privateKey),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
