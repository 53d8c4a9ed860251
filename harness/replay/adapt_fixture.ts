import type { Fixture } from "../fixtures/fixture.ts";
import type { DeployedFunction } from "./deployed_function.ts";
import { isObject } from "./replay.ts";

/**
 * Puts real ids in the place of recorded ones, which exist only where they were
 * recorded: a function that reads the user's organization could not read it.
 */
export function adaptFixture(
  fixture: Fixture,
  { organization, project }: Pick<DeployedFunction, "organization" | "project">,
): Fixture {
  const payload = parseJson(fixture.request.body);
  if (!isObject(payload)) return fixture;
  const adapted = { ...payload };
  if (organization !== undefined) {
    replaceIn(adapted, "org", { id: organization });
    replaceIn(adapted, "user", { resource_owner: organization });
  }
  if (Array.isArray(payload.user_grants)) {
    const listed = fixture.settings?.PROJECTS?.split(",");
    adapted.user_grants = payload.user_grants.map((grant) => {
      if (!isObject(grant)) return grant;
      const counts = listed?.includes(String(grant.project_id)) ?? true;
      return {
        ...grant,
        ...(organization !== undefined && { resource_owner: organization }),
        ...(project !== undefined && counts && { project_id: project }),
      };
    });
  }
  const body = JSON.stringify(adapted);
  return { ...fixture, request: { ...fixture.request, body } };
}

function replaceIn(
  payload: Record<string, unknown>,
  name: string,
  changes: Record<string, string>,
): void {
  const part = payload[name];
  if (isObject(part)) payload[name] = { ...part, ...changes };
}

/** Some fixtures hold on purpose what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
