import { createPrivateKey } from "node:crypto";
import {
  compactDecrypt,
  decodeJwt,
  decodeProtectedHeader,
  exportSPKI,
  generateKeyPair,
  SignJWT,
} from "jose";
import { clientCredentials, refresh, roleScopes } from "../zitadel/login.ts";
import { type BindingOptions, bindTarget } from "./binding.ts";
import { logIn } from "./log_in.ts";
import { readCall } from "./recording.ts";
import { requestToken } from "./request_token.ts";
import type { Check, Run } from "./check.ts";
import { shapeOf } from "./shape.ts";

const FOLDERS = {
  current: "calls",
  "4.6": "older/v4.6.5",
  "3.4": "older/v3.4.9",
} as const;

/**
 * Reproduces each recorded call and compares the payload that the target
 * received.
 */
export async function* checkPayloads(run: Run): AsyncGenerator<Check> {
  const folder = FOLDERS[run.release];
  const files = new URL(`../../fixtures/${folder}/`, import.meta.url);
  for await (const { name: file } of Deno.readDir(files)) {
    const call = file.replace(".json", "");
    if (call.startsWith("event_")) continue;
    const name = `${folder}/${call}`;
    const recorded = await payloadShape(await readCall(name));
    yield { name, recorded, look: () => look(run, call) };
  }
}

const alice = { who: "alice" };

/** By call: who logs in for it. */
const LOGINS: Readonly<
  Record<string, { who: string; app?: string; scope?: string }>
> = {
  chained_second_target: alice,
  human_cross_org_grant: { who: "dave" },
  human_grant_without_roles: { who: "gwen" },
  human_granted_project: { who: "carol" },
  human_inactive_grant: { who: "erin" },
  human_login: alice,
  human_no_grants: { who: "bob" },
  human_no_role_assertion: { who: "alice", app: "warehouse" },
  human_role_scope: {
    who: "alice",
    app: "warehouse",
    scope: "openid urn:zitadel:iam:org:project:role:picker",
  },
  human_two_projects: {
    who: "alice",
    scope:
      "openid urn:zitadel:iam:org:projects:roles urn:zitadel:iam:org:project:id:<project storefront>:aud urn:zitadel:iam:org:project:id:<project warehouse>:aud",
  },
  human_unicode_role: { who: "frank" },
  human_user_metadata: {
    who: "alice",
    scope:
      "openid urn:zitadel:iam:user:metadata urn:zitadel:iam:user:resourceowner",
  },
  payload_type_jwe_ec: alice,
  payload_type_jwe_rsa: alice,
  payload_type_jwt: alice,
  preuserinfo: alice,
};

const JWE_ALGORITHMS: Readonly<Record<string, string>> = {
  payload_type_jwe_rsa: "RSA-OAEP-256",
  payload_type_jwe_ec: "ECDH-ES+A256KW",
};

/** Returns the shape of a call's payload; `undefined` if the run cannot make the call. */
async function look(run: Run, call: string): Promise<unknown> {
  const login = LOGINS[call];
  const act = login ? () => logIn(run, login) : OTHER_ACTS[call];
  if (act === undefined) return undefined;
  const receive = (options: Partial<BindingOptions> = {}) =>
    callOf(run, () => act(run), options);
  if (call === "preuserinfo") {
    return await payloadShape(
      await receive({ condition: "function/preuserinfo" }),
    );
  }
  if (call === "payload_type_jwt") {
    return await payloadShape(await receive({ payloadType: "jwt" }));
  }
  if (call === "chained_second_target") {
    await using first = await bindTarget(run, { path: "first" });
    using _reply = run.target.replyWith(({ path }) =>
      Response.json(path === "/first" ? FIRST_REPLY : {})
    );
    return await payloadShape(await receive({ after: [first.id] }));
  }
  const algorithm = JWE_ALGORITHMS[call];
  if (algorithm === undefined) return await payloadShape(await receive());
  const keys = await generateKeyPair(algorithm, { extractable: true });
  const encryptFor = await exportSPKI(keys.publicKey);
  return await payloadShape(await receive({ encryptFor }), keys.privateKey);
}

const FIRST_REPLY = {
  append_claims: [
    { key: "tenant", value: "acme" },
    { key: "tier", value: { level: 3, name: "gold" } },
  ],
  append_log_claims: ["from the first target"],
};

/** Binds a target, makes ZITADEL call it and returns the first call's body. */
async function callOf(
  run: Run,
  act: () => Promise<unknown>,
  options: Partial<BindingOptions>,
): Promise<string> {
  await using _binding = await bindTarget(run, { path: "payload", ...options });
  run.target.calls.length = 0;
  await act();
  const call = run.target.calls.find(({ path }) => path === "/payload");
  if (!call) throw new Error("The target was not called");
  return call.body;
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

/** What makes ZITADEL call a target, beside logins. */
const OTHER_ACTS: Readonly<Record<string, (run: Run) => Promise<unknown>>> = {
  async human_refresh(run) {
    const { refreshToken } = await logIn(run, alice);
    run.target.calls.length = 0;
    const clientId = run.id("client storefront");
    const options = { clientId, refreshToken: refreshToken! };
    return await refresh(run.origin, options);
  },
  machine_client_credentials: (run) =>
    askAsMachine(run, roleScopes(run.id("project storefront"))),
  machine_client_credentials_no_scopes: (run) => askAsMachine(run, "openid"),
  machine_jwt_profile: async ({ origin, machineKey, id }) =>
    await requestToken(origin, {
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      assertion: await assertionOf(machineKey, origin),
      scope: roleScopes(id("project storefront")),
    }),
  async token_exchange(run) {
    const { accessToken } = await logIn(run, alice);
    run.target.calls.length = 0;
    const type = "urn:ietf:params:oauth:token-type";
    return await requestToken(run.origin, {
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: accessToken,
      subject_token_type: `${type}:access_token`,
      requested_token_type: `${type}:jwt`,
      scope: "openid",
    }, run.exchange);
  },
};

function askAsMachine(run: Run, scope: string) {
  const client = run.serviceUser("ci-runner");
  return clientCredentials(run.origin, { ...client, scope });
}

async function assertionOf(file: string, audience: string): Promise<string> {
  const { userId, keyId, key } = JSON.parse(file);
  return await new SignJWT()
    .setProtectedHeader({ alg: "RS256", kid: keyId })
    .setIssuer(userId)
    .setSubject(userId)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime("5m")
    .sign(createPrivateKey(key));
}
