/**
 * `deno task explain --user`: what a user's tokens hold and why, read with the
 * administrator's token.
 *
 * @module
 */
import {
  knownProjects,
  parseRoleMapping,
} from "../../lib/mapping/role_mapping.ts";
import type { Outcome } from "../cli/exit.ts";
import { describeRules, readFunctionRules } from "../cli/function_rules.ts";
import { type Io, printJson } from "../cli/io.ts";
import { printable, tint } from "../cli/terminal.ts";
import type { Instance } from "../zitadel/client.ts";
import { connectAsAdmin } from "../zitadel/connect_as_admin.ts";
import { findApplication } from "../zitadel/find_application.ts";
import { findUser } from "../zitadel/find_user.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import { assertsRoles, listUserGrants } from "../zitadel/user_grants.ts";
import { describeAnswer } from "./describe_answer.ts";
import type { ExplainedMapping } from "./explain.ts";
import { explainPermission } from "./explain_permission.ts";
import {
  explainUser,
  type UserExplanation,
  type UserFacts,
  type UserGrantFacts,
} from "./explain_user.ts";
import { formatUser } from "./format_user.ts";

export interface ExplainUserOptions {
  /** A user's id or login name. */
  readonly user: string;
  /** The client id of the application that the user logs in to. */
  readonly application?: string | undefined;
  /** The one permission to explain. */
  readonly permission?: string | undefined;
  readonly envFile: string;
  readonly json: boolean;
}

export async function runExplainUser(
  { user: wanted, application: clientId, permission, envFile, json }:
    ExplainUserOptions,
  io: Io,
): Promise<Outcome> {
  const { settings, instance } = await connectAsAdmin(envFile, io);
  const rules = await readFunctionRules(settings);
  io.progress(`reading ${instance.origin}`);
  const user = await findUser(instance, wanted);
  const grants = await readGrants(instance, user.id);
  const application = clientId === undefined
    ? undefined
    : await findApplication(
      instance,
      clientId,
      grants.map(({ grantedBy }) => grantedBy.id),
    );
  const mappings = createMappings(instance);
  // v3 has no other API for metadata, and does not name the application.
  const namesApplication = await mappings.apiOf(user.organization) !==
    "management_v1";
  const facts = { user, grants, application, namesApplication };
  const explanation = await explainUser(facts, mappings.of, rules);
  const answer = permission === undefined
    ? undefined
    : await answerAbout(permission, { explanation, facts, mappings, rules });
  io.progress();
  if (json) return printJson(io, "done", { ...explanation, answer });
  if (answer) {
    const [first, ...others] = describeAnswer(permission!, answer);
    io.print(tint("strong", printable(first!)));
    for (const line of others) io.print(`  ${printable(line)}`);
    for (const note of explanation.notes) {
      io.print(`  ${tint("warning", "!")} ${printable(note)}`);
    }
  } else for (const line of formatUser(explanation)) io.print(line);
  io.print(tint("faint", `rules: ${describeRules(rules)}`));
  return "done";
}

async function readGrants(
  instance: Instance,
  user: string,
): Promise<UserGrantFacts[]> {
  const found: UserGrantFacts[] = [];
  for await (const { grants } of listUserGrants(instance, user)) {
    found.push(
      ...await Promise.all(grants.map(async (grant) => ({
        ...grant,
        isAsserted: await assertsRoles(instance, grant),
      }))),
    );
  }
  return found;
}

/** Reads each organization's metadata once. */
function createMappings(instance: Instance) {
  const read = new Map<string, ReturnType<typeof listMetadata>>();
  const metadataOf = (organization: string) => {
    const known = read.get(organization) ??
      listMetadata(instance, organization);
    read.set(organization, known);
    return known;
  };
  return {
    apiOf: async (organization: string) => (await metadataOf(organization)).api,
    of: async (organization: string): Promise<ExplainedMapping> => {
      const { entries } = await metadataOf(organization);
      return { ...parseRoleMapping(entries), entries };
    },
  };
}

async function answerAbout(
  permission: string,
  { explanation: { grants }, facts: { user }, mappings, rules }: {
    readonly explanation: UserExplanation;
    readonly facts: UserFacts;
    readonly mappings: ReturnType<typeof createMappings>;
    readonly rules: { readonly metadataOrganization: string; readonly projects?: ReadonlySet<string> | undefined };
  },
) {
  const setting = rules.metadataOrganization;
  const isFixed = setting !== "user" && setting !== "grant";
  const own = new Set([
    ...grants.map(({ organization }) => organization),
    isFixed ? setting : user.organization,
  ]);
  const others = new Set([
    user.organization,
    ...grants.map(({ grantedBy }) => grantedBy),
  ].filter((id) => !own.has(id)));
  const load = async (ids: Iterable<string>) =>
    new Map(
      await Promise.all(
        [...ids].map(async (id) => [id, await mappings.of(id)] as const),
      ),
    );
  return explainPermission(permission, {
    held: grants.map(({ held, ...grant }) => ({ ...grant, roles: held })),
    mappings: await load(own),
    otherMappings: await load(others),
    isKnownProject: knownProjects(
      rules.projects,
      grants.map(({ project }) => project),
    ),
  });
}
