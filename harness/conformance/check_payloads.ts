import { createPrivateKey } from "node:crypto";
import {
  compactDecrypt,
  decodeJwt,
  decodeProtectedHeader,
  exportSPKI,
  generateKeyPair,
  SignJWT,
} from "jose";
import { roleScopes } from "../zitadel/login.ts";
import { type BindingOptions, bindTarget } from "./binding.ts";
import type { Check, Run } from "./check.ts";
import { readCall, readRecorded } from "./recording.ts";
import { shapeOf } from "./shape.ts";
import { type Login, logIn, requestToken } from "./tokens.ts";

const FOLDERS = {
  current: "calls",
  "4.6": "older/v4.6.5",
  "3.4": "older/v3.4.9",
} as const;

/** How a recorded call comes about. */
interface Cause extends Login {
  readonly then?: keyof typeof ACTS;
  readonly bind?: Partial<BindingOptions>;
  /** The algorithm of the key that the payload is encrypted for. */
  readonly encryptedBy?: string;
  /** What a target before this one replies. */
  readonly firstReply?: unknown;
}

/**
 * Reproduces each recorded call and compares the payload that the target
 * received.
 */
export async function* checkPayloads(run: Run): AsyncGenerator<Check> {
  const folder = FOLDERS[run.release];
  const files = new URL(`../../fixtures/${folder}/`, import.meta.url);
  const { calls } = await readRecorded<
    { calls: Readonly<Record<string, Cause>> }
  >("scenario");
  for await (const { name: file } of Deno.readDir(files)) {
    const call = file.replace(".json", "");
    const cause = calls[call];
    // Other calls need more than the run has, such as a SAML service provider.
    if (cause === undefined) continue;
    const name = `${folder}/${call}`;
    const recorded = await payloadShape(await readCall(name));
    yield { name, recorded, look: () => bringAbout(run, cause) };
  }
}

/** Makes ZITADEL call a target; returns the shape of the first payload. */
async function bringAbout(
  run: Run,
  { then, bind, encryptedBy, firstReply, ...login }: Cause,
): Promise<unknown> {
  const { target: { calls, replyWith } } = run;
  await using stack = new AsyncDisposableStack();
  const keys = encryptedBy === undefined
    ? undefined
    : await generateKeyPair(encryptedBy, { extractable: true });
  const after = firstReply === undefined
    ? []
    : [stack.use(await bindTarget(run, { path: "first" })).id];
  stack.use(
    replyWith(({ path }) => Response.json(path === "/first" ? firstReply : {})),
  );
  stack.use(
    await bindTarget(run, {
      path: "payload",
      after,
      ...bind,
      ...keys && { encryptFor: await exportSPKI(keys.publicKey) },
    }),
  );
  calls.length = 0;
  await (then === undefined ? logIn(run, login) : ACTS[then](run, login));
  const call = calls.find(({ path }) => path === "/payload");
  if (!call) throw new Error("The target was not called");
  return await payloadShape(call.body, keys?.privateKey);
}

/** A JSON payload's shape; of others also that of the header. */
async function payloadShape(body: string, key?: CryptoKey): Promise<unknown> {
  if (body.startsWith("{")) return shapeOf(JSON.parse(body));
  const header = shapeOf(decodeProtectedHeader(body));
  const isEncrypted = body.split(".").length === 5;
  if (!isEncrypted) return [header, shapeOf(decodeJwt(body))];
  // Only the instance's own payloads can be decrypted; all hold the same.
  const jws = key
    ? new TextDecoder().decode((await compactDecrypt(body, key)).plaintext)
    : await readCall("calls/payload_type_jwt");
  return [header, await payloadShape(jws)];
}

const ACTS = {
  async refresh(run: Run, login: Login) {
    const { refreshToken } = await logIn(run, login);
    run.target.calls.length = 0;
    await getToken(run.origin, {
      grant_type: "refresh_token",
      refresh_token: refreshToken!,
      client_id: run.id("client storefront"),
    });
  },
  async exchange(run: Run, login: Login) {
    const { accessToken } = await logIn(run, login);
    run.target.calls.length = 0;
    const type = "urn:ietf:params:oauth:token-type";
    await getToken(run.origin, {
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: accessToken,
      subject_token_type: `${type}:access_token`,
      requested_token_type: `${type}:jwt`,
      scope: "openid",
    }, run.exchange);
  },
  async assert({ origin, machineKey, id }: Run) {
    const { userId, keyId, key } = JSON.parse(machineKey);
    const assertion = await new SignJWT()
      .setProtectedHeader({ alg: "RS256", kid: keyId })
      .setIssuer(userId)
      .setSubject(userId)
      .setAudience(origin)
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(createPrivateKey(key));
    await getToken(origin, {
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      assertion,
      scope: roleScopes(id("project storefront")),
    });
  },
};

async function getToken(...request: Parameters<typeof requestToken>) {
  const { status, body } = await requestToken(...request);
  if (status === 200) return;
  throw new Error(`The token endpoint refused: ${JSON.stringify(body)}`);
}
