import type { Fixture } from "../fixtures/fixture.ts";
import type { DeployedFunction } from "./deployed_function.ts";
import { isObject } from "./replay.ts";

/**
 * Puts real ids in the place of recorded ones, which exist only where they were
 * recorded: a function that reads the user's organization could not read it.
 */
export function adaptFixture(
  fixture: Fixture,
  { organization, project, application }: Pick<
    DeployedFunction,
    "organization" | "project" | "application"
  >,
): Fixture {
  const payload = parseJson(fixture.request.body);
  if (!isObject(payload)) return fixture;
  const { PROJECTS, APPLICATIONS } = fixture.settings ?? {};
  const replace = (name: string, changes: Record<string, unknown>) => {
    const part = payload[name];
    if (isObject(part)) payload[name] = { ...part, ...changes };
  };
  if (organization !== undefined) {
    replace("org", { id: organization });
    replace("user", { resource_owner: organization });
  }
  const { client_id } = isObject(payload.application)
    ? payload.application
    : {};
  // What did not count where it was recorded must not count now.
  if (application !== undefined && isListed(client_id, APPLICATIONS)) {
    replace("application", { client_id: application });
  }
  if (Array.isArray(payload.user_grants)) {
    payload.user_grants = payload.user_grants.map((grant) =>
      isObject(grant)
        ? {
          ...grant,
          ...organization !== undefined && { resource_owner: organization },
          ...project !== undefined && isListed(grant.project_id, PROJECTS) &&
            { project_id: project },
        }
        : grant
    );
  }
  const body = JSON.stringify(payload);
  return { ...fixture, request: { ...fixture.request, body } };
}

function isListed(id: unknown, list: string | undefined): boolean {
  return list?.split(",").includes(String(id)) ?? true;
}

/** Some fixtures hold on purpose what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
