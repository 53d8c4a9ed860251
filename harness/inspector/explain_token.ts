import { z } from "zod";
import { FunctionError } from "../../lib/errors.ts";
import { isEvent, parsePayload } from "../../lib/request/payload.ts";
import {
  type MetadataEntry,
  parseRoleMapping,
} from "../../lib/mapping/role_mapping.ts";
import { explainCall } from "../explain/explain.ts";
import { diagnose, Findings, findUnrequested, type Role } from "./diagnose.ts";

/** What the page sends: never a token. */
const Question = z.object({
  /** The function's call; missing if no roles are known. */
  payload: z.unknown().optional(),
  /** The mappings that are known, values in base64. */
  organizations: z.array(z.object({
    id: z.string(),
    name: z.string(),
    entries: z.array(z.object({ key: z.string(), value: z.base64() })),
  })),
  /** The organization that the user belongs to. */
  home: z.string().optional(),
  findings: Findings,
});

/** What the page is for. */
export interface ExplainSettings {
  readonly claim: string;
  readonly projectId: string;
  /** As METADATA_ORGANIZATION. */
  readonly metadataOrganization: string;
}

/**
 * Explains a token by the function's own code: what each role grants, whose
 * mapping counts, and why permissions are missing.
 *
 * @param request The page's question.
 * @param settings What the page is for.
 * @returns The answer as JSON; 400 if the question is not one.
 */
export async function explain(
  request: Request,
  settings: ExplainSettings,
): Promise<Response> {
  const question = Question.safeParse(await request.json().catch(() => null));
  if (!question.success) {
    return new Response(z.prettifyError(question.error), { status: 400 });
  }
  try {
    return Response.json(await answer(question.data, settings));
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error;
    return new Response(error.message, { status: 400 });
  }
}

async function answer(
  { payload, organizations, home, findings }: z.infer<typeof Question>,
  { claim, projectId, metadataOrganization }: ExplainSettings,
) {
  const roles = payload === undefined
    ? []
    : await explainRoles(payload, organizations, metadataOrganization);
  const wanted = new Set(roles.map(({ organization }) => organization));
  const isFixed = !["user", "grant"].includes(metadataOrganization);
  if (wanted.size === 0 && isFixed) wanted.add(metadataOrganization);
  if (wanted.size === 0 && home !== undefined) wanted.add(home);
  const found = {
    ...findings,
    claimName: claim,
    projectId,
    roles,
    names: new Map(organizations.map(({ id, name }) => [id, name])),
  };
  return {
    roles,
    organizations: [...wanted],
    diagnosis: diagnose(found),
    unrequested: findUnrequested(found),
  };
}

async function explainRoles(
  payload: unknown,
  organizations: z.infer<typeof Question>["organizations"],
  metadataOrganization: string,
): Promise<Role[]> {
  const call = parsePayload(payload);
  if (isEvent(call)) return [];
  const entriesOf = new Map(
    organizations.map(({ id, entries }) => [id, entries.map(toEntry)]),
  );
  const { grants } = await explainCall(
    call,
    (organization) => {
      const entries = entriesOf.get(organization) ?? [];
      return Promise.resolve({ ...parseRoleMapping(entries), entries });
    },
    metadataOrganization,
  );
  return grants.flatMap(({ roles, project, grantedBy, organization }) =>
    roles.map((role) => ({ ...role, project, grantedBy, organization }))
  );
}

function toEntry(entry: { key: string; value: string }): MetadataEntry {
  return { key: entry.key, value: Uint8Array.fromBase64(entry.value) };
}
