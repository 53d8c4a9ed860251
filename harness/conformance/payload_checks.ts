import { importPKCS8, SignJWT } from "jose";
import { clientCredentials, refresh, roleScopes } from "../zitadel/login.ts";
import { type BindingOptions, bindTarget } from "./binding.ts";
import { callOf, FIXTURES, readCall } from "./webhook_call.ts";
import { type CheckContext, compare, type Finding } from "./checks.ts";
import { shapeOf } from "./shape.ts";
import { logIn, requestToken } from "./tokens.ts";
import { wrappedPayloadChecks } from "./wrapped_payload_checks.ts";
import type { Person } from "./scenario.ts";

const FOLDERS = {
  "current": "calls",
  "4.6": "older/v4.6.5",
  "3.4": "older/v3.4.9",
} as const;

/**
 * Reproduces each recorded call and compares the payload that the target
 * received.
 */
export async function* payloadChecks(
  context: CheckContext,
): AsyncGenerator<Finding> {
  const { subject } = context;
  const folder = FOLDERS[subject.release];
  const calls = recordedCalls(context);
  for await (const entry of Deno.readDir(new URL(`${folder}/`, FIXTURES))) {
    const name = entry.name.replace(".json", "");
    if (name.startsWith("event_") || name.startsWith("payload_type_")) continue;
    yield await compare(
      `${folder}/${name}`,
      shapeOf(JSON.parse((await readCall(folder, name)).body)),
      async () => shapeOf(await calls[name]?.()),
    );
  }
  if (subject.release === "current") yield* wrappedPayloadChecks(context);
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

/** Binds a target, makes ZITADEL call it and returns the first payload. */
async function payloadOf(
  context: CheckContext,
  act: () => Promise<unknown>,
  options: Partial<BindingOptions> = {},
): Promise<unknown> {
  return JSON.parse((await callOf(context, act, options)).body);
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
  return await requestToken(subject.origin, {
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
    requestToken(subject.origin, {
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: accessToken,
      subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
      requested_token_type: "urn:ietf:params:oauth:token-type:jwt",
      scope: "openid",
    }, `Basic ${btoa(`${clientId}:${clientSecret}`)}`));
}
