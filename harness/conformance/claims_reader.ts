import type { CheckContext } from "./checks.ts";
import { callRest } from "./subject.ts";
import { claimsOf, isJwt } from "./tokens.ts";

/** Claims that differ from token to token. */
const OWN = ["exp", "iat", "nbf", "auth_time", "updated_at", "at_hash", "iss"];

/**
 * Reads everything that ZITADEL reports about a token, with names instead of
 * ids.
 */
type ReadClaims = (accessToken: string, idToken?: string) => Promise<unknown>;

/**
 * Creates a reader of a token's claims in the token, at userinfo and at
 * introspection, and of the payloads that targets received for each.
 */
export async function createClaimsReader(
  context: CheckContext,
): Promise<ReadClaims> {
  const api = await createApi(context);
  const names = namesOf(context, api);
  return async (accessToken, idToken) =>
    named(names, {
      ...(idToken !== undefined && { id_token: claimsOf(idToken) }),
      ...(isJwt(accessToken) && { access_token: claimsOf(accessToken) }),
      issue: payloads(context),
      userinfo: await userInfo(context, accessToken),
      userinfo_calls: payloads(context),
      introspection: await introspect(context, api, accessToken),
      introspection_calls: payloads(context),
    });
}

interface Api {
  readonly clientId: string;
  readonly clientSecret: string;
}

async function createApi({ subject, scenario }: CheckContext): Promise<Api> {
  const created = await callRest(
    subject,
    `POST /management/v1/projects/${scenario.projects.storefront}/apps/api`,
    {
      organization: scenario.organizations.acme,
      body: { name: "api", authMethodType: "API_AUTH_METHOD_TYPE_BASIC" },
    },
  );
  await subject.settle();
  return {
    clientId: String(created["clientId"]),
    clientSecret: String(created["clientSecret"]),
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

/** The payloads that the target received since the last look. */
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

/** Names for identifiers, so that instances can be compared. */
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
