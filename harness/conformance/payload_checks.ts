import { createPrivateKey } from "node:crypto";
import { compactDecrypt, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { clientCredentials, refresh, roleScopes } from "../zitadel/login.ts";
import { type BindingOptions, bindTarget } from "./binding.ts";
import { type CheckContext, compare, type Finding } from "./checks.ts";
import { readRecorded } from "./recording.ts";
import { shapeOf } from "./shape.ts";
import { logIn, partsOf, requestToken } from "./tokens.ts";
import type { WebhookCall } from "./webhook_target.ts";

const FOLDERS = {
  current: "calls",
  "4.6": "older/v4.6.5",
  "3.4": "older/v3.4.9",
} as const;

type Act = () => Promise<unknown>;

/**
 * Reproduces each recorded call and compares the payload that the target
 * received.
 */
export async function* payloadChecks(
  context: CheckContext,
): AsyncGenerator<Finding> {
  const folder = FOLDERS[context.subject.release];
  const acts = actsOf(context);
  const files = new URL(`../../fixtures/${folder}/`, import.meta.url);
  for await (const entry of Deno.readDir(files)) {
    const name = entry.name.replace(".json", "");
    if (name.startsWith("event_")) continue;
    const recorded = await readCall(`${folder}/${name}`);
    yield await compare(
      `${folder}/${name}`,
      await payloadShape(recorded),
      async () => {
        if (name.startsWith("payload_type_")) {
          return await wrappedPayload(context, name);
        }
        const act = acts[name];
        if (act === undefined) return undefined;
        if (name === "chained_second_target") {
          return await chained(context, act);
        }
        const condition = name === "preuserinfo" ? name : "preaccesstoken";
        return await payloadShape(
          await callOf(context, act, { condition: `function/${condition}` }),
        );
      },
    );
  }
}

/** Reads the request of a recorded call. */
export async function readCall(
  name: string,
): Promise<Pick<WebhookCall, "body">> {
  return (await readRecorded<{ request: { body: string } }>(`../${name}`))
    .request;
}

/** A JSON payload's shape; of others also that of the header. */
async function payloadShape(
  { body }: Pick<WebhookCall, "body">,
  key?: CryptoKey,
): Promise<unknown> {
  if (body.startsWith("{")) return shapeOf(JSON.parse(body));
  const [header, payload] = partsOf(body);
  if (payload !== undefined) return [shapeOf(header), shapeOf(payload)];
  // Only the instance's own payloads can be decrypted; all hold the same.
  if (key === undefined) {
    const jwt = await payloadShape(await readCall("calls/payload_type_jwt"));
    return [shapeOf(header), jwt];
  }
  const { plaintext } = await compactDecrypt(body, key);
  const jws = new TextDecoder().decode(plaintext);
  return [shapeOf(header), await payloadShape({ body: jws })];
}

/** Binds a target, makes ZITADEL call it and returns the first call. */
async function callOf(
  { subject, scenario, target }: CheckContext,
  act: Act,
  options: Partial<BindingOptions> = {},
): Promise<WebhookCall> {
  await using _binding = await bindTarget(subject, {
    name: `payload ${scenario.suffix}`,
    endpoint: `${target.origin}/payload`,
    condition: "function/preaccesstoken",
    ...options,
  });
  target.calls.length = 0;
  await act();
  const call = target.calls.find(({ path }) => path === "/payload");
  if (!call) throw new Error("The target was not called");
  return call;
}

function actsOf(context: CheckContext): Readonly<Record<string, Act>> {
  const { subject: { origin }, scenario } = context;
  const { id } = scenario;
  const person = (who: string, scope?: string, app = "storefront"): Act => () =>
    logIn(context, { who, app, scope });
  const machine = (scope: string): Act => () =>
    clientCredentials(origin, { ...scenario.serviceUser("machine"), scope });
  const audience = (project: string) =>
    `urn:zitadel:iam:org:project:id:${id(`project ${project}`)}:aud`;
  const projectScopes = roleScopes(id("project storefront"));
  return {
    human_login: person("alice"),
    human_no_grants: person("bob"),
    human_inactive_grant: person("erin"),
    human_grant_without_roles: person("gwen"),
    human_granted_project: person("carol"),
    human_cross_org_grant: person("dave"),
    human_unicode_role: person("frank"),
    human_no_role_assertion: person("alice", undefined, "warehouse"),
    human_role_scope: person(
      "alice",
      "openid urn:zitadel:iam:org:project:role:picker",
      "warehouse",
    ),
    human_two_projects: person(
      "alice",
      `openid urn:zitadel:iam:org:projects:roles ${audience("storefront")} ${
        audience("warehouse")
      }`,
    ),
    human_user_metadata: person(
      "alice",
      "openid urn:zitadel:iam:user:metadata urn:zitadel:iam:user:resourceowner",
    ),
    human_refresh: async () => {
      const tokens = await logIn(context, { who: "alice", app: "storefront" });
      context.target.calls.length = 0;
      await refresh(origin, {
        clientId: id("client storefront"),
        refreshToken: tokens.refreshToken!,
      });
    },
    machine_client_credentials: machine(projectScopes),
    machine_client_credentials_no_scopes: machine("openid"),
    machine_jwt_profile: async () =>
      await requestToken(origin, {
        grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
        assertion: await assertionOf(scenario.machineKey, origin),
        scope: projectScopes,
      }),
    token_exchange: async () => {
      const tokens = await logIn(context, { who: "alice", app: "storefront" });
      context.target.calls.length = 0;
      const client = `${id("client exchange")}:${scenario.exchangeSecret}`;
      const type = "urn:ietf:params:oauth:token-type";
      await requestToken(origin, {
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        subject_token: tokens.accessToken,
        subject_token_type: `${type}:access_token`,
        requested_token_type: `${type}:jwt`,
        scope: "openid",
      }, `Basic ${btoa(client)}`);
    },
    preuserinfo: person("alice"),
    chained_second_target: person("alice"),
  };
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

async function chained(context: CheckContext, act: Act): Promise<unknown> {
  const { subject, scenario, target } = context;
  await using first = await bindTarget(subject, {
    name: `first ${scenario.suffix}`,
    endpoint: `${target.origin}/first`,
    condition: "function/preaccesstoken",
  });
  const claims = {
    append_claims: [
      { key: "tenant", value: "acme" },
      { key: "tier", value: { level: 3, name: "gold" } },
    ],
    append_log_claims: ["from the first target"],
  };
  using _reply = target.replyWith(({ path }) =>
    Response.json(path === "/first" ? claims : {})
  );
  const call = await callOf(context, act, { after: [first.id] });
  return await payloadShape(call);
}

const JWE_ALGORITHMS: Readonly<Record<string, string>> = {
  payload_type_jwe_rsa: "RSA-OAEP-256",
  payload_type_jwe_ec: "ECDH-ES+A256KW",
};

/** Returns the shape of a payload that is signed, or signed and encrypted. */
async function wrappedPayload(
  context: CheckContext,
  name: string,
): Promise<unknown> {
  const act = () => logIn(context, { who: "alice", app: "storefront" });
  const algorithm = JWE_ALGORITHMS[name];
  if (algorithm === undefined) {
    return await payloadShape(
      await callOf(context, act, { payloadType: "jwt" }),
    );
  }
  const keys = await generateKeyPair(algorithm, { extractable: true });
  const encryptFor = await exportSPKI(keys.publicKey);
  const call = await callOf(context, act, { encryptFor });
  return await payloadShape(call, keys.privateKey);
}
