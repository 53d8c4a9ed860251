/**
 * Whose claims are told at login, at userinfo and at introspection, and what
 * targets of preuserinfo are sent and may add there.
 *
 * @module
 */
import { clientCredentials, login, roleScopes } from "../zitadel/login.ts";
import { bindTarget } from "./binding.ts";
import type { CheckContext, Finding } from "./checks.ts";
import { readRecording } from "./recording.ts";
import { claimsOf } from "./reply_checks.ts";
import type { Application, Person } from "./scenario.ts";
import { callRest } from "./subject.ts";

/** The recording, by the names of the findings. */
const RECORDING = "behaviour/claims";
const ALL_PROJECTS = "urn:zitadel:iam:org:projects:roles";
/** Claims of which each token has its own. */
const OWN = ["exp", "iat", "nbf", "auth_time", "updated_at", "at_hash", "iss"];

/** What a target appends, of which only some may arrive. */
const APPENDED = {
  append_claims: [
    { key: "permissions", value: ["a"] },
    { key: "sub", value: "evil" },
    { key: "name", value: "evil" },
    { key: "active", value: "evil" },
  ],
};
const FORWARDED = { forwardedStatusCode: 403, forwardedErrorMessage: "no" };

/**
 * Gets tokens of every kind and looks at what is told of them.
 *
 * @yields A finding for each token and for each kind of answer.
 */
export async function* claimsChecks(
  context: CheckContext,
): AsyncGenerator<Finding> {
  const { rows } = await readRecording<{ rows: Record<string, unknown> }>(
    RECORDING,
  );
  for await (const [name, seen] of observe(context)) {
    yield {
      name: `${RECORDING}: ${name}`,
      recorded: context.subject.release === "3.4"
        ? withoutApplication(rows[name])
        : rows[name],
      seen,
    };
  }
}

type Observation = readonly [name: string, seen: unknown];

async function* observe(context: CheckContext): AsyncGenerator<Observation> {
  const { subject, scenario, target } = context;
  const { apps, people, projects, machine } = scenario;
  const api = await createApi(context);
  const names = namesOf(context, api);
  const look = async (accessToken: string, idToken?: string) =>
    named(names, {
      ...(idToken !== undefined && { id_token: claimsOf(idToken) }),
      ...(accessToken.includes(".") &&
        { access_token: claimsOf(accessToken) }),
      issue: payloads(context),
      userinfo: await userInfo(context, accessToken),
      userinfo_calls: payloads(context),
      introspection: await introspect(context, api, accessToken),
      introspection_calls: payloads(context),
    });
  const audience = (id: string) => `urn:zitadel:iam:org:project:id:${id}:aud`;
  const all = (id: string) => `openid ${ALL_PROJECTS} ${audience(id)}`;
  const logins: readonly [string, Person, Application, string][] = [
    [
      "profile and email",
      people.alice,
      apps.storefront,
      "openid profile email",
    ],
    ["opaque", people.alice, apps.opaque, "openid profile"],
    ["two projects", people.alice, apps.storefront, all(projects.warehouse)],
    ["no assertion", people.alice, apps.warehouse, "openid profile"],
    [
      "no assertion, another project asked for",
      people.alice,
      apps.warehouse,
      all(projects.storefront),
    ],
    [
      "no assertion, a role asked for",
      people.alice,
      apps.warehouse,
      "openid urn:zitadel:iam:org:project:role:picker",
    ],
    ["granted project", people.carol, apps.storefront, "openid"],
  ];
  const services: readonly [string, string][] = [
    ["service user", "openid profile"],
    ["service user, roles asked for", roleScopes(projects.storefront)],
    ["service user without openid", "profile"],
  ];
  {
    await using _binding = await bindUserInfo(context);
    target.calls.length = 0;
    for (const [name, who, app, scope] of logins) {
      const tokens = await logIn(context, { who, app, scope });
      yield [name, await look(tokens.accessToken, tokens.idToken)];
    }
    for (const [name, scope] of services) {
      const tokens = await clientCredentials(subject.origin, {
        ...machine,
        scope,
      });
      yield [name, await look(tokens.accessToken, tokens.idToken)];
    }
    yield ["personal access token", await look(machine.token)];
    target.reply = () => Response.json(APPENDED);
    const tokens = await logIn(context, {
      who: people.alice,
      app: apps.storefront,
      scope: "openid profile",
    });
    yield ["appended claims", await look(tokens.accessToken, tokens.idToken)];
  }
  target.reply = () => Response.json({});
  const { accessToken } = await logIn(context, {
    who: people.alice,
    app: apps.storefront,
    scope: "openid",
  });
  await using _binding = await bindUserInfo(context, true);
  target.reply = () => Response.json({}, { status: 500 });
  yield ["target fails and interrupts", await look(accessToken)];
  target.reply = () => Response.json(FORWARDED);
  yield ["target forwards 403", await look(accessToken)];
  target.reply = () => Response.json({});
}

function bindUserInfo(
  { subject, scenario, target }: CheckContext,
  interruptOnError = false,
) {
  return bindTarget(subject, {
    name: `userinfo ${interruptOnError} ${scenario.suffix}`,
    endpoint: `${target.origin}/userinfo`,
    condition: "function/preuserinfo",
    interruptOnError,
  });
}

function logIn(
  { subject }: CheckContext,
  { who, app, scope }: { who: Person; app: Application; scope: string },
) {
  const { loginClientToken } = subject;
  if (loginClientToken === undefined) {
    throw new Error("People cannot log in without a login client's token");
  }
  return login(subject.origin, { ...app, ...who, scope, loginClientToken });
}

interface Api {
  readonly clientId: string;
  readonly clientSecret: string;
}

async function createApi({ subject, scenario }: CheckContext): Promise<Api> {
  const made = await callRest(
    subject,
    `POST /management/v1/projects/${scenario.projects.storefront}/apps/api`,
    {
      organization: scenario.organizations.acme,
      body: { name: "api", authMethodType: "API_AUTH_METHOD_TYPE_BASIC" },
    },
  );
  await subject.settle();
  return {
    clientId: String(made["clientId"]),
    clientSecret: String(made["clientSecret"]),
  };
}

async function userInfo(
  { subject }: CheckContext,
  token: string,
): Promise<unknown> {
  const response = await fetch(`${subject.origin}/oidc/v1/userinfo`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return { status: response.status, body: await response.json() };
}

async function introspect(
  { subject }: CheckContext,
  { clientId, clientSecret }: Api,
  token: string,
): Promise<unknown> {
  const response = await fetch(`${subject.origin}/oauth/v2/introspect`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
    body: new URLSearchParams({ token }),
  });
  return { status: response.status, body: await response.json() };
}

/** What the target was sent since it was last asked. */
function payloads({ target }: CheckContext): unknown[] {
  return target.calls.splice(0).map(({ body }) => {
    const payload = JSON.parse(body);
    return {
      application: payload.application,
      userinfo: payload.userinfo,
      org: payload.org.id,
      grants: payload.user_grants?.map((
        grant: { project_id: string; roles: string[] },
      ) => [grant.project_id, grant.roles]),
    };
  });
}

/** What identifiers stand for, so that other instances' can be compared. */
function namesOf({ scenario }: CheckContext, api: Api): [string, string][] {
  const names: [string, string][] = [
    [scenario.suffix, "<suffix>"],
    [api.clientId, "<client api>"],
    [scenario.machine.id, "<user machine>"],
  ];
  for (const [name, id] of Object.entries(scenario.organizations)) {
    names.push([id, `<organization ${name}>`]);
  }
  for (const [name, id] of Object.entries(scenario.projects)) {
    names.push([id, `<project ${name}>`]);
  }
  for (const [name, { clientId }] of Object.entries(scenario.apps)) {
    names.push([clientId, `<client ${name}>`]);
  }
  for (const [name, { id }] of Object.entries(scenario.people)) {
    names.push([id, `<user ${name}>`]);
  }
  return names;
}

function named(names: readonly [string, string][], value: object): unknown {
  let text = JSON.stringify(
    value,
    (key, entry) => OWN.includes(key) ? "<own>" : entry,
  );
  for (const [id, name] of names) text = text.replaceAll(id, name);
  return JSON.parse(text.replaceAll(/[0-9]{15,20}/g, "<id>"));
}

/** v3 tells no target which application asks. */
function withoutApplication(row: unknown): unknown {
  return JSON.parse(JSON.stringify(
    row ?? null,
    (key, value) => key === "application" ? undefined : value,
  ));
}
