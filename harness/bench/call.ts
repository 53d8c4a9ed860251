import { signPayload } from "../util/sign_payload.ts";
import {
  type FixtureOrganization,
  FIXTURES_URL,
  readFixture,
} from "../fixtures/fixture.ts";

/** The signing key of the benchmark's target. */
export const SIGNING_KEY = "jE30EzhWq16xULd0rnMdBIWEpyVBkBZC6AMT";

const MAPPING_SIZE = 10;

/** A call, and what it is answered from. */
export interface Call {
  readonly body: string;
  readonly organizations: Readonly<Record<string, FixtureOrganization>>;
  readonly rolePermissions: Readonly<Record<string, readonly string[]>>;
  /** The right reply. */
  readonly reply: string;
}

const fixture = await readFixture(
  new URL("calls/human_login.json", FIXTURES_URL),
);

/** The recorded login that all measurements use. */
export const RECORDED_LOGIN: Call = createCall(
  fixture.request.body,
  fixture.organizations,
);

/** Creates the same login of a user of another organization, with a mapping of ten roles. */
export function loginOf(organization: string): Call {
  const payload = JSON.parse(fixture.request.body);
  payload.org.id = payload.user.resource_owner = organization;
  payload.user_grants[0].roles = ["role-0", "role-5"];
  const metadata = Object.fromEntries(
    Array.from({ length: MAPPING_SIZE }, (_, i) => [
      `role-${i}`,
      btoa(JSON.stringify([`role-${i}:read`, `role-${i}:write`])),
    ]),
  );
  return createCall(JSON.stringify(payload), {
    [organization]: { readable: true, metadata },
  });
}

function createCall(
  body: string,
  organizations: Call["organizations"],
): Call {
  const { org, user_grants } = JSON.parse(body);
  const { metadata } = organizations[org.id]!;
  const rolePermissions: Record<string, string[]> = Object.fromEntries(
    Object.entries(metadata).map(([role, value]) => [
      role,
      JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(value))),
    ]),
  );
  const roles: string[] = user_grants[0].roles;
  const value = [...new Set(roles.flatMap((role) => rolePermissions[role]))];
  const reply = { append_claims: [{ key: "permissions", value }] };
  return { body, organizations, rolePermissions, reply: JSON.stringify(reply) };
}

/** Signs a call with the current time. */
export function sign({ body }: Call): string {
  return signPayload(SIGNING_KEY, Math.floor(Date.now() / 1000), body);
}
