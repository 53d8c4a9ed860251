/**
 * What targets are sent, in every recorded scenario.
 *
 * @module
 */
import {
  compactDecrypt,
  exportSPKI,
  generateKeyPair,
  importPKCS8,
  SignJWT,
} from "jose";
import {
  clientCredentials,
  login,
  refresh,
  roleScopes,
} from "../zitadel/login.ts";
import { type BindingOptions, bindTarget } from "./binding.ts";
import type { CheckContext, Finding } from "./checks.ts";
import { claimsOf } from "./reply_checks.ts";
import { shapeOf } from "./shape.ts";
import type { Application, Person } from "./scenario.ts";

const FIXTURES = new URL("../../fixtures/", import.meta.url);
const FOLDERS = {
  "current": "calls",
  "4.6": "older/v4.6.5",
  "3.4": "older/v3.4.9",
} as const;
const DEFAULT_SCOPE = "openid offline_access";

/**
 * Brings about each recorded call and compares what the target was sent.
 *
 * @yields A finding for each recorded call.
 */
export async function* payloadChecks(
  context: CheckContext,
): AsyncGenerator<Finding> {
  const { subject } = context;
  const folder = FOLDERS[subject.release];
  const scenarios = recordedCalls(context);
  for await (const entry of Deno.readDir(new URL(`${folder}/`, FIXTURES))) {
    const name = entry.name.replace(".json", "");
    if (name.startsWith("event_") || name.startsWith("payload_type_")) continue;
    yield {
      name: `${folder}/${name}`,
      recorded: shapeOf(JSON.parse((await readCall(folder, name)).body)),
      seen: shapeOf(await scenarios[name]?.()),
    };
  }
  if (subject.release === "current") yield* wrappedChecks(context);
}

async function readCall(folder: string, name: string) {
  const url = new URL(`${folder}/${name}.json`, FIXTURES);
  const { request } = JSON.parse(await Deno.readTextFile(url));
  return request as { body: string; headers: Record<string, string> };
}

type Bring = () => Promise<unknown>;

function recordedCalls(context: CheckContext): Record<string, Bring> {
  const { people, apps, projects } = context.scenario;
  const { storefront, warehouse } = apps;
  const person = (who: Person, scope?: string, app = storefront): Bring => () =>
    payloadOf(
      context,
      () => logIn(context, { who, app, ...(scope && { scope }) }),
    );
  const machine = (scope: string): Bring => () =>
    payloadOf(context, () =>
      clientCredentials(context.subject.origin, {
        ...context.scenario.machine,
        scope,
      }));
  const audience = (id: string) => `urn:zitadel:iam:org:project:id:${id}:aud`;
  const everyProject = [
    "openid",
    "urn:zitadel:iam:org:projects:roles",
    audience(projects.storefront),
    audience(projects.warehouse),
  ].join(" ");
  return {
    human_login: person(people.alice),
    human_no_grants: person(people.bob),
    human_inactive_grant: person(people.erin),
    human_grant_without_roles: person(people.gwen),
    human_granted_project: person(people.carol),
    human_cross_org_grant: person(people.dave),
    human_unicode_role: person(people.frank),
    human_no_role_assertion: person(people.alice, undefined, warehouse),
    human_role_scope: person(
      people.alice,
      "openid urn:zitadel:iam:org:project:role:picker",
      warehouse,
    ),
    human_two_projects: person(people.alice, everyProject),
    human_user_metadata: person(
      people.alice,
      "openid urn:zitadel:iam:user:metadata urn:zitadel:iam:user:resourceowner",
    ),
    human_refresh: async () => {
      const { refreshToken } = await logIn(context, {
        who: people.alice,
        app: storefront,
      });
      return await payloadOf(context, () =>
        refresh(context.subject.origin, {
          clientId: storefront.clientId,
          refreshToken: refreshToken!,
        }));
    },
    machine_client_credentials: machine(roleScopes(projects.storefront)),
    machine_client_credentials_no_scopes: machine("openid"),
    machine_jwt_profile: () => payloadOf(context, () => jwtProfile(context)),
    token_exchange: () => tokenExchange(context),
    preuserinfo: () =>
      payloadOf(
        context,
        () => logIn(context, { who: people.alice, app: storefront }),
        {
          condition: "function/preuserinfo",
        },
      ),
    chained_second_target: () => chained(context),
  };
}

function logIn(
  { subject }: CheckContext,
  { who, app, scope = DEFAULT_SCOPE }: {
    who: Person;
    app: Application;
    scope?: string;
  },
) {
  const { loginClientToken } = subject;
  if (loginClientToken === undefined) {
    throw new Error("People cannot log in without a login client's token");
  }
  return login(subject.origin, { ...app, ...who, scope, loginClientToken });
}

/** Binds a target, brings a call about and reads what came first. */
async function payloadOf(
  context: CheckContext,
  act: () => Promise<unknown>,
  options: Partial<BindingOptions> = {},
): Promise<unknown> {
  return JSON.parse((await callOf(context, act, options)).body);
}

async function callOf(
  { subject, scenario, target }: CheckContext,
  act: () => Promise<unknown>,
  options: Partial<BindingOptions>,
) {
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

async function chained(context: CheckContext): Promise<unknown> {
  const { subject, scenario, target } = context;
  await using first = await bindTarget(subject, {
    name: `first ${scenario.suffix}`,
    endpoint: `${target.origin}/first`,
    condition: "function/preaccesstoken",
  });
  target.reply = ({ path }) =>
    Response.json(
      path === "/first"
        ? {
          append_claims: [
            { key: "tenant", value: "acme" },
            { key: "tier", value: { level: 3, name: "gold" } },
          ],
          append_log_claims: ["from the first target"],
        }
        : {},
    );
  try {
    const { alice } = scenario.people;
    const { storefront } = scenario.apps;
    return await payloadOf(
      context,
      () => logIn(context, { who: alice, app: storefront }),
      { after: [first.id] },
    );
  } finally {
    target.reply = () => Response.json({});
  }
}

async function jwtProfile(
  { subject, scenario }: CheckContext,
): Promise<unknown> {
  const { machine, projects } = scenario;
  const key = await importPKCS8(machine.privateKey, "RS256");
  const assertion = await new SignJWT()
    .setProtectedHeader({ alg: "RS256", kid: machine.keyId })
    .setIssuer(machine.id)
    .setSubject(machine.id)
    .setAudience(subject.origin)
    .setIssuedAt()
    .setExpirationTime("5m")
    .sign(key);
  return await token(subject.origin, {
    grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    assertion,
    scope: roleScopes(projects.storefront),
  });
}

async function tokenExchange(context: CheckContext): Promise<unknown> {
  const { subject, scenario } = context;
  const { accessToken } = await logIn(context, {
    who: scenario.people.alice,
    app: scenario.apps.storefront,
  });
  const { clientId, clientSecret } = scenario.apps.exchange;
  return await payloadOf(context, () =>
    token(subject.origin, {
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: accessToken,
      subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
      requested_token_type: "urn:ietf:params:oauth:token-type:jwt",
      scope: "openid",
    }, `Basic ${btoa(`${clientId}:${clientSecret}`)}`));
}

async function token(
  origin: string,
  form: Record<string, string>,
  authorization?: string,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${origin}/oauth/v2/token`, {
    method: "POST",
    headers: { ...(authorization !== undefined && { authorization }) },
    body: new URLSearchParams(form),
  });
  const answer = await response.json();
  if (!response.ok) {
    throw new Error(`The token endpoint refused: ${JSON.stringify(answer)}`);
  }
  return answer;
}

const JWE_ALGORITHMS = {
  payload_type_jwe_rsa: "RSA-OAEP-256",
  payload_type_jwe_ec: "ECDH-ES+A256KW",
} as const;

async function* wrappedChecks(context: CheckContext): AsyncGenerator<Finding> {
  const { people, apps } = context.scenario;
  const act = () => logIn(context, { who: people.alice, app: apps.storefront });
  const plain = shapeOf(
    JSON.parse((await readCall("calls", "human_login")).body),
  );
  const jwt = await readCall("calls", "payload_type_jwt");
  const call = await callOf(context, act, { payloadType: "PAYLOAD_TYPE_JWT" });
  yield {
    name: "calls/payload_type_jwt",
    recorded: [headerOf(jwt.body), jwt.headers["content-type"], plain],
    seen: [
      headerOf(call.body),
      call.headers.get("content-type"),
      shapeOf(claimsOf(call.body)),
    ],
  };
  for (const [name, algorithm] of Object.entries(JWE_ALGORITHMS)) {
    const keys = await generateKeyPair(algorithm, { extractable: true });
    const recorded = await readCall("calls", name);
    const call = await callOf(context, act, {
      payloadType: "PAYLOAD_TYPE_JWE",
      publicKey: await exportSPKI(keys.publicKey),
    });
    const { plaintext } = await compactDecrypt(call.body, keys.privateKey);
    yield {
      name: `calls/${name}`,
      recorded: [headerOf(recorded.body), plain],
      seen: [
        headerOf(call.body),
        shapeOf(claimsOf(new TextDecoder().decode(plaintext))),
      ],
    };
  }
}

function headerOf(jose: string): unknown {
  const bytes = Uint8Array.fromBase64(jose.split(".")[0]!, {
    alphabet: "base64url",
  });
  return shapeOf(JSON.parse(new TextDecoder().decode(bytes)));
}
