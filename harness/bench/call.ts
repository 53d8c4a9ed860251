import {
  type FixtureOrganization,
  FIXTURES_URL,
  readFixture,
} from "../fixtures/fixture.ts";
import { signPayload } from "../util/sign_payload.ts";

/** The signing key of the benchmark's target. */
export const SIGNING_KEY = "jE30EzhWq16xULd0rnMdBIWEpyVBkBZC6AMT";

/** A call, and what it is answered from. */
export interface Call {
  readonly body: string;
  readonly organizations: Readonly<Record<string, FixtureOrganization>>;
}

const { request, organizations, expected } = await readFixture(
  new URL("calls/human_login.json", FIXTURES_URL),
);
const recorded = Object.values(organizations)[0]!;

/** The recorded login that all measurements use. */
export const RECORDED_LOGIN: Call = { body: request.body, organizations };

/** The right reply to the recorded login and {@linkcode loginOf}. */
export const RIGHT_REPLY = JSON.stringify(expected.body);

/** What the recorded login is answered from: permissions by role. */
export const ROLE_PERMISSIONS = Object.fromEntries(
  Object.entries(recorded.metadata)
    .map(([role, value]) => [role, JSON.parse(atob(value))]),
);

/** Creates the same login of a user of another organization, with the same mapping. */
export function loginOf(organization: string): Call {
  const payload = JSON.parse(request.body);
  payload.org.id = payload.user.resource_owner = organization;
  return {
    body: JSON.stringify(payload),
    organizations: { [organization]: recorded },
  };
}

/** Signs a call with the current time. */
export function sign({ body }: Call): string {
  return signPayload(SIGNING_KEY, Math.floor(Date.now() / 1000), body);
}
