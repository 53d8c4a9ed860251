import {
  type FixtureOrganization,
  FIXTURES_URL,
  readFixture,
} from "../fixtures/fixture.ts";
import type { PermissionsShape } from "../../lib/config/settings.ts";
import { signPayload } from "../util/sign_payload.ts";

/** The signing key of the benchmark's target. */
export const SIGNING_KEY = "jE30EzhWq16xULd0rnMdBIWEpyVBkBZC6AMT";

/** A call as sent over the wire. */
export interface SignedCall {
  /** The value of `ZITADEL-Signature`. */
  readonly signature: string;
  readonly body: string;
}

/** A call, and the data for its reply. */
export interface Call {
  readonly body: string;
  /** The user's organization. */
  readonly organization: string;
  /** The value of the permissions claim in the reply. */
  readonly claim: unknown;
}

/** A recorded login, and the metadata that it is answered from. */
export interface RecordedLogin {
  readonly call: Call;
  readonly organizations: Readonly<Record<string, FixtureOrganization>>;
  readonly rolePermissions: Readonly<Record<string, readonly string[]>>;
  /** The claim that the login is answered with, by `PERMISSIONS_SHAPE`. */
  readonly claims: Readonly<Record<PermissionsShape, unknown>>;
}

/** Reads the recorded login that all measurements use. */
export async function readRecordedLogin(): Promise<RecordedLogin> {
  const fixture = await readFixture(
    new URL("calls/human_login.json", FIXTURES_URL),
  );
  const payload = JSON.parse(fixture.request.body);
  const organization: string = payload.org.id;
  const rolePermissions: Record<string, string[]> = Object.fromEntries(
    Object.entries(fixture.organizations[organization]!.metadata).map((
      [role, value],
    ) => [
      role,
      JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(value))),
    ]),
  );
  const [grant] = payload.user_grants;
  const list = [
    ...new Set(
      grant.roles.flatMap((role: string) => rolePermissions[role]),
    ),
  ];
  const byProject = { [grant.project_id]: list };
  return {
    call: { body: fixture.request.body, organization, claim: list },
    organizations: fixture.organizations,
    rolePermissions,
    claims: {
      list,
      string: list.join(" "),
      by_project: byProject,
      by_organization: { [grant.resource_owner]: byProject },
    },
  };
}

/** How a generated call differs from the recorded login. */
export interface GeneratedCallOptions {
  readonly organization: string;
  readonly entries: number;
  /** How many of these roles the user has. */
  readonly roles: number;
}

/**
 * Creates a login of a user of another organization, whose mapping has roles
 * `role-0`, `role-1`, ... with two permissions each.
 */
export function generateCall(
  login: RecordedLogin,
  { organization, entries, roles }: GeneratedCallOptions,
): { call: Call; known: FixtureOrganization } {
  // Spread over the whole mapping, so that the position makes no difference.
  const names = Array.from(
    { length: roles },
    (_, i) => `role-${Math.floor(i * entries / roles)}`,
  );
  const payload = JSON.parse(login.call.body);
  payload.org.id = organization;
  payload.user.resource_owner = organization;
  payload.user_grants[0].roles = names;
  const metadata = Object.fromEntries(
    Array.from({ length: entries }, (_, i) => {
      const value = JSON.stringify(permissionsOf(`role-${i}`));
      return [`role-${i}`, new TextEncoder().encode(value).toBase64()];
    }),
  );
  return {
    call: {
      body: JSON.stringify(payload),
      organization,
      claim: names.flatMap(permissionsOf),
    },
    known: { readable: true, metadata },
  };
}

function permissionsOf(role: string): string[] {
  return [`${role}:read`, `${role}:write`];
}

/** Signs calls with the current time. */
export function signCalls(calls: readonly Call[]): Promise<SignedCall[]> {
  const seconds = Math.floor(Date.now() / 1000);
  return Promise.all(calls.map(async ({ body }) => ({
    signature: await signPayload(SIGNING_KEY, seconds, body),
    body,
  })));
}

/** Reports whether a reply is the right one. */
export function isRightReply(
  { claim }: Pick<Call, "claim">,
  reply: string,
): boolean {
  return reply === JSON.stringify({
    append_claims: [{ key: "permissions", value: claim }],
  });
}
