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
import { createTarget } from "../../../harness/zitadel/target.ts";

/** The project of world.json that the API belongs to. */
export const PROJECT = "390000000000000011";

/** A running sandbox, and tokens of it. */
export interface Issuer extends AsyncDisposable {
  readonly origin: string;
  /** What Alice gets by code and PKCE; the claim is in both tokens. */
  readonly alice: { readonly accessToken: string; readonly idToken: string };
  /** What ci-runner gets if it asks for no project: another audience. */
  readonly elsewhere: string;
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
  target.reply = () =>
    Response.json({
      append_claims: [{ key: "permissions", value: ["posts:read"] }],
    });
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
  const { accessToken, idToken } = await login(sandbox.origin, {
    clientId: "390000000000000022",
    redirectUri: "http://localhost:9000/callback",
    scope: roleScopes(PROJECT),
    loginName: "alice",
    password: "any",
    loginClientToken: sandbox.loginClientToken,
  });
  const elsewhere = await clientCredentials(sandbox.origin, {
    clientId: "ci-runner",
    clientSecret: "sandbox-ci-runner",
    scope: "openid",
  });
  const { kid, privateKey } = await ownWebKey();
  const running = stack.move();
  return {
    origin: sandbox.origin,
    alice: { accessToken, idToken: idToken! },
    elsewhere: elsewhere.accessToken,
    sign: (claims) =>
      new SignJWT({ ...decodeJwt(accessToken), ...claims } as JWTPayload)
        .setProtectedHeader({ alg: "RS256", kid, typ: "JWT" })
        .sign(privateKey),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Asks an API for its posts, which takes `posts:read`. */
export async function getPosts(
  { origin }: { readonly origin: string },
  authorization?: string,
): Promise<{ status: number; challenge: string; message: string }> {
  const response = await fetch(`${origin}/posts`, {
    headers: authorization === undefined ? {} : { authorization },
  });
  const text = await response.text();
  return {
    status: response.status,
    challenge: response.headers.get("www-authenticate") ?? "",
    message: response.ok ? "" : JSON.parse(text).message,
  };
}
