import { decodeJwt } from "jose";
import { bindTarget } from "./binding.ts";
import type { Check, Run } from "./check.ts";
import { readRecorded } from "./recording.ts";
import { withoutIds } from "./shape.ts";
import { basic, bearer, type Login, logIn } from "./tokens.ts";

const RECORDING = "behaviour/claims";

/** Claims that differ from token to token. */
const OWN = ["exp", "iat", "nbf", "auth_time", "updated_at", "at_hash", "iss"];

interface Case extends Login {
  readonly interrupts?: boolean;
  readonly status?: number;
  readonly reply?: unknown;
}

interface Recording {
  readonly cases: Readonly<Record<string, Case>>;
  readonly rows: Readonly<Record<string, unknown>>;
}

interface Tokens {
  readonly accessToken: string;
  readonly idToken?: string | undefined;
}

/**
 * Compares the claims of tokens of every kind, at login, at userinfo and at
 * introspection, and what targets of preuserinfo receive and may add there.
 */
export async function* checkClaims(run: Run): AsyncGenerator<Check> {
  const { cases, rows } = await readRecorded<Recording>(RECORDING);
  const { target, release } = run;
  for (const interruptOnError of [false, true]) {
    await using _binding = await bindTarget(run, {
      path: "userinfo",
      condition: "function/preuserinfo",
      interruptOnError,
    });
    for (const [name, row] of Object.entries(cases)) {
      const { interrupts = false, status = 200, reply = {} } = row;
      if (interrupts !== interruptOnError) continue;
      const answer = () =>
        target.replyWith(() => Response.json(reply, { status }));
      const look = async () => {
        using _reply = interrupts ? undefined : answer();
        const { accessToken, idToken } = await getTokens(run, row);
        if (!interrupts) return await describe(run, { accessToken, idToken });
        // Only after a login, which would fail.
        target.calls.length = 0;
        using _failure = answer();
        return await describe(run, { accessToken });
      };
      yield {
        name: `${RECORDING}: ${name}`,
        recorded: comparable(rows[name], release),
        look: async () => comparable(await look(), release),
      };
    }
  }
}

async function getTokens(run: Run, login: Case): Promise<Tokens> {
  run.target.calls.length = 0;
  return login.scope === undefined
    ? { accessToken: run.serviceUser("ci-runner").token }
    : await logIn(run, login);
}

/**
 * Describes everything that ZITADEL reports about a token: in the token, at userinfo
 * and at introspection, and in the payloads for each, with names instead of ids.
 */
async function describe(
  { origin, api, target, suffix, ids }: Run,
  { accessToken, idToken }: Tokens,
): Promise<unknown> {
  const ask = async (path: string, init: RequestInit) => {
    const response = await fetch(origin + path, init);
    return { status: response.status, body: await response.json() };
  };
  type Grant = { project_id: string; roles: string[] };
  const takePayloads = () =>
    target.calls.splice(0).map(({ body }) => {
      const { application, userinfo, org, user_grants } = JSON.parse(body);
      const grants = user_grants?.map((
        { project_id, roles }: Grant,
      ) => [project_id, roles]);
      return { application, userinfo, org: org.id, grants };
    });
  const seen = {
    ...idToken !== undefined && { id_token: decodeJwt(idToken) },
    // Opaque ones are plain text up to v4.13.1, and JWTs of five parts later.
    ...accessToken.split(".").length === 3 &&
      { access_token: decodeJwt(accessToken) },
    issue: takePayloads(),
    userinfo: await ask("/oidc/v1/userinfo", {
      headers: bearer(accessToken),
    }),
    userinfo_calls: takePayloads(),
    introspection: await ask("/oauth/v2/introspect", {
      method: "POST",
      headers: basic(api.clientId, api.clientSecret),
      body: new URLSearchParams({ token: accessToken }),
    }),
    introspection_calls: takePayloads(),
  };
  let text = JSON.stringify(
    seen,
    (key, value) => OWN.includes(key) ? "<own>" : value,
  ).replaceAll(suffix, "<suffix>");
  for (const [name, id] of ids) text = text.replaceAll(id, `<${name}>`);
  return JSON.parse(withoutIds(text));
}

/**
 * Audiences and scopes come in the order of the database, which varies. v3 does not
 * tell targets which application asks.
 */
function comparable(row: unknown, release: Run["release"]): unknown {
  return JSON.parse(JSON.stringify(row, (key, value) => {
    if (key === "application" && release === "3.4") return undefined;
    if (key === "aud" && Array.isArray(value)) return value.toSorted();
    if (key !== "scope" || typeof value !== "string") return value;
    return value.split(" ").sort().join(" ");
  }));
}
