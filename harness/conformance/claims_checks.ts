import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { APIAuthMethodType } from "@zitadel/proto/zitadel/app_pb";
import { clientCredentials, roleScopes } from "../zitadel/login.ts";
import { bindTarget } from "./binding.ts";
import { type CheckContext, compare, type Finding } from "./checks.ts";
import { readRecorded } from "./recording.ts";
import type { Scenario } from "./scenario.ts";
import { logIn, partsOf } from "./tokens.ts";
import type { WebhookTarget } from "./webhook_target.ts";

/** The prefix of the findings' names. */
const RECORDING = "behaviour/claims";

/** What a target appends; only some of it may arrive. */
const APPENDED = {
  append_claims: ["permissions", "sub", "name", "active"].map((key) =>
    key === "permissions" ? { key, value: ["a"] } : { key, value: "evil" }
  ),
};
const ALL_PROJECTS = "urn:zitadel:iam:org:projects:roles";
/** Claims that differ from token to token. */
const OWN = ["exp", "iat", "nbf", "auth_time", "updated_at", "at_hash", "iss"];
const FORWARDED = { forwardedStatusCode: 403, forwardedErrorMessage: "no" };

type Tokens = readonly [access: string, id?: string | undefined];

/**
 * Compares the claims of tokens of every kind, at login, at userinfo and at
 * introspection, and what targets of preuserinfo receive and may add there.
 */
export async function* claimsChecks(
  context: CheckContext,
): AsyncGenerator<Finding> {
  const { subject, scenario, target } = context;
  const { rows } = await readRecorded<{ rows: Record<string, object> }>(
    RECORDING,
  );
  // v3 does not tell targets which application asks.
  const withApplication = { application: subject.release !== "3.4" };
  const read = await createReader(context);
  const bind = (interruptOnError: boolean) =>
    bindTarget(subject, {
      name: `userinfo ${interruptOnError} ${scenario.suffix}`,
      endpoint: `${target.origin}/userinfo`,
      condition: "function/preuserinfo",
      interruptOnError,
    });
  const check = (name: string, tokens: () => Tokens | Promise<Tokens>) =>
    compare(
      `${RECORDING}: ${name}`,
      comparable(rows[name]!, withApplication),
      async () => comparable(await read(await tokens()), withApplication),
    );
  const person = async (
    who: string,
    app: string,
    scope: string,
  ): Promise<Tokens> => {
    const tokens = await logIn(context, { who, app, scope });
    return [tokens.accessToken, tokens.idToken];
  };
  const machine = scenario.serviceUser("machine");

  {
    await using _binding = await bind(false);
    target.calls.length = 0;
    for (const [name, who, app, scope] of loginsOf(scenario)) {
      yield await check(name, () => person(who, app, scope));
    }
    for (const [name, scope] of serviceLoginsOf(scenario)) {
      yield await check(name, async () => {
        const options = { ...machine, scope };
        const tokens = await clientCredentials(subject.origin, options);
        return [tokens.accessToken, tokens.idToken];
      });
    }
    yield await check("personal access token", () => [machine.token]);
    using _reply = target.replyWith(() => Response.json(APPENDED));
    yield await check(
      "appended claims",
      () => person("alice", "storefront", "openid profile"),
    );
  }
  const [token] = await person("alice", "storefront", "openid");
  await using _binding = await bind(true);
  const replies = {
    "target fails and interrupts": () => Response.json({}, { status: 500 }),
    "target forwards 403": () => Response.json(FORWARDED),
  };
  for (const [name, reply] of Object.entries(replies)) {
    using _reply = target.replyWith(reply);
    yield await check(name, () => [token]);
  }
}

type Login = readonly [name: string, who: string, app: string, scope: string];

function loginsOf({ id }: Scenario): readonly Login[] {
  const all = (project: string) =>
    `openid ${ALL_PROJECTS} urn:zitadel:iam:org:project:id:${
      id(`project ${project}`)
    }:aud`;
  return [
    ["profile and email", "alice", "storefront", "openid profile email"],
    ["opaque", "alice", "opaque", "openid profile"],
    ["two projects", "alice", "storefront", all("warehouse")],
    ["no assertion", "alice", "warehouse", "openid profile"],
    [
      "no assertion, another project asked for",
      "alice",
      "warehouse",
      all("storefront"),
    ],
    [
      "no assertion, a role asked for",
      "alice",
      "warehouse",
      "openid urn:zitadel:iam:org:project:role:picker",
    ],
    ["granted project", "carol", "storefront", "openid"],
  ];
}

function serviceLoginsOf(
  { id }: Scenario,
): readonly (readonly [name: string, scope: string])[] {
  return [
    ["service user", "openid profile"],
    ["service user, roles asked for", roleScopes(id("project storefront"))],
    ["service user without openid", "profile"],
  ];
}

/**
 * Creates a reader of everything that ZITADEL reports about a token: in the
 * token, at userinfo and at introspection, and in the payloads for each, with
 * names instead of ids.
 */
async function createReader(
  { subject, scenario, target }: CheckContext,
): Promise<(tokens: Tokens) => Promise<object>> {
  const { origin, instance, settle } = subject;
  const organization = scenario.id("organization acme");
  const api = await instance.service(ManagementService, { organization })
    .addAPIApp({
      projectId: scenario.id("project storefront"),
      name: "api",
      authMethodType: APIAuthMethodType.API_AUTH_METHOD_TYPE_BASIC,
    });
  await settle();
  const ask = async (path: string, init: RequestInit) => {
    const response = await fetch(origin + path, init);
    return { status: response.status, body: await response.json() };
  };
  return async ([access, id]) => {
    // Opaque tokens are plain text up to v4.13.1.
    const claims = access.includes(".") ? partsOf(access)[1] : undefined;
    const seen = {
      ...id !== undefined && { id_token: partsOf(id)[1] },
      ...claims && { access_token: claims },
      issue: takePayloads(target),
      userinfo: await ask("/oidc/v1/userinfo", {
        headers: { authorization: `Bearer ${access}` },
      }),
      userinfo_calls: takePayloads(target),
      introspection: await ask("/oauth/v2/introspect", {
        method: "POST",
        headers: {
          authorization: `Basic ${btoa(`${api.clientId}:${api.clientSecret}`)}`,
        },
        body: new URLSearchParams({ token: access }),
      }),
      introspection_calls: takePayloads(target),
    };
    let text = JSON.stringify(
      seen,
      (key, value) => OWN.includes(key) ? "<own>" : value,
    );
    text = text.replaceAll(scenario.suffix, "<suffix>")
      .replaceAll(api.clientId, "<client api>");
    for (const [name, id] of scenario.ids) {
      text = text.replaceAll(id, `<${name}>`);
    }
    return JSON.parse(text.replaceAll(/[0-9]{15,20}/g, "<id>"));
  };
}

/** Returns what the target received since the last look. */
function takePayloads({ calls }: WebhookTarget): unknown[] {
  return calls.splice(0).map(({ body }) => {
    const { application, userinfo, org, user_grants: grants } = JSON.parse(
      body,
    );
    return {
      application,
      userinfo,
      org: org.id,
      grants: grants?.map((
        grant: { project_id: string; roles: string[] },
      ) => [grant.project_id, grant.roles]),
    };
  });
}

/** Audiences and scopes come in the order of the database, which varies. */
function comparable(row: object, { application }: { application: boolean }) {
  return JSON.parse(JSON.stringify(row, (key, value) => {
    if (key === "application" && !application) return undefined;
    if (key === "aud" && Array.isArray(value)) return value.toSorted();
    if (key !== "scope" || typeof value !== "string") return value;
    return value.split(" ").sort().join(" ");
  }));
}
