import { NOT_COUNTED, UNLISTED_APPLICATION } from "./explain.ts";
import { nearestName } from "../cli/closest.ts";
import {
  grantingKeys,
  type HeldRoles,
  type Mappings,
  type PermissionAnswer,
} from "./explain_permission.ts";

/** When roles need no request. */
export const SENT_UNASKED =
  "Without a request, ZITADEL sends only the roles of the application’s own project, and only if that project asserts roles.";

const RESTART = "then restart the function.";

/** What would let grants count; the reason itself says enough for the others. */
const REMEDIES: Readonly<Record<string, string>> = {
  [NOT_COUNTED.unlisted_project]:
    `If it should count, add the project to PROJECTS, ${RESTART}`,
  [NOT_COUNTED.unlisted_organization]:
    `If what this organization grants should count, add it to GRANTED_BY, ${RESTART}`,
  [NOT_COUNTED.inactive]: "Activate the authorization in ZITADEL’s console.",
};

/** An entry of an organization's metadata. */
export interface EntryName {
  readonly organization: string;
  readonly key: string;
}

/** An answer in words. */
export interface AnswerText {
  /** The cause, with names. */
  readonly title: string;
  /** What is behind it, or what to do. */
  readonly text: string;
  /** The entry to change, if it is known. */
  readonly entry?: EntryName;
  /** The name that the entry was probably meant to have. */
  readonly meant?: string;
}

/** What an answer is about, and how its ids read. */
export interface AnswerContext {
  readonly permission: string;
  readonly user: string;
  readonly grants: readonly HeldRoles[];
  /** Those that count for the user. */
  readonly mappings: Mappings;
  readonly projectName: (id: string) => string;
  readonly organizationName: (id: string) => string;
}

/** Puts the answer about a permission into words. */
export function describeAnswer(
  answer: PermissionAnswer,
  context: AnswerContext,
): AnswerText {
  const { permission, organizationName } = context;
  switch (answer.kind) {
    case "held":
      return {
        title: grantsIt(answer.by, context),
        text: `Granted by ${givers(answer.by, context)}.`,
      };
    case "must_request":
      return {
        title: grantsIt(answer.by, context),
        text: `The login must request scope "${
          answer.by[0]?.scopes
        }". ${SENT_UNASKED}`,
      };
    case "not_counted":
      return describeNotCounted(answer.by, context);
    case "unreadable": {
      const [key = ""] = answer.names;
      return {
        title: `The entry “${key}” cannot be read`,
        text:
          "It was probably meant to grant it; deno task doctor shows how to write it.",
        ...entryOf(key, context),
      };
    }
    case "missing_role":
      return describeMissingRole(answer.names, context);
    case "other_organization": {
      const names = sentenceList(answer.names.map(organizationName));
      return {
        title: `Only ${names}’s metadata grants “${permission}”`,
        text: "METADATA_ORGANIZATION decides whose metadata counts.",
      };
    }
    case "no_entry":
      return describeNoEntry(answer.names[0], context);
  }
}

/** Two grants may be left out for two reasons: the first is described. */
function describeNotCounted(
  by: readonly HeldRoles[],
  context: AnswerContext,
): AnswerText {
  const why = by[0]?.why ?? "";
  const same = by.filter((it) => it.why === why);
  const projects = sentenceList([...new Set(same.map((it) => it.project))]);
  return {
    title: `${rolesOf(same, context)} ${
      isPlural(same) ? "do" : "does"
    } not count: ${why}`,
    text: why.startsWith(UNLISTED_APPLICATION)
      ? `If tokens for this application should have permissions, add it to APPLICATIONS, ${RESTART}`
      : `Granted in project ${projects} by ${givers(same, context)}. ${
        REMEDIES[why] ?? ""
      }`.trimEnd(),
  };
}

function describeMissingRole(
  keys: readonly string[],
  context: AnswerContext,
): AnswerText {
  const { permission, user, grants, mappings, projectName } = context;
  const has = (some: readonly HeldRoles[]) => [
    ...new Set(some.flatMap((it) => it.held)),
  ];
  const held = has(grants);
  // An entry is a misspelling only of a role that has none of its own.
  const isUnmapped = (role: string) =>
    [...mappings.values()].every(({ plain }) => !plain.has(role));
  for (const key of keys) {
    const [project = "", role = key] = key.split(/:(.*)/s);
    const same = held.find((name) => name === key || name === role);
    if (same !== undefined) {
      return {
        title: `${user} has ${same}, and another entry counts for it`,
        text: `“${permission}” is in the entry “${key}” only.`,
        ...entryOf(key, context),
      };
    }
    const inProject = has(grants.filter((it) => it.project === project));
    const own = nearestName(role, inProject.filter(isUnmapped));
    const near = own ?? nearestName(key, held.filter(isUnmapped));
    if (near === undefined) continue;
    const meant = own === undefined ? near : `${project}:${own}`;
    return {
      title: `The entry “${key}” grants it, and ${user} has “${near}”`,
      text: misnamed(key, meant),
      ...entryOf(key, context),
      meant,
    };
  }
  const roles = keys.map((key) => {
    const [project = "", role] = key.split(/:(.*)/s);
    const name = projectName(project);
    return role && name !== project ? `${role} in ${name}` : key;
  });
  return {
    title: `Only ${sentenceList(roles, "or")} grants “${permission}”`,
    text: `${user} does not have ${
      roles.length > 1 ? "any of these roles" : "this role"
    }${
      held.length > 0 ? `, only ${sentenceList(held)}` : ""
    }. Give the user the role, or add the permission to the entry of a role that the user has.`,
  };
}

function describeNoEntry(
  meant: string | undefined,
  context: AnswerContext,
): AnswerText {
  const { permission, user, mappings, organizationName } = context;
  const title = `No entry grants “${permission}”`;
  if (meant === undefined) {
    const names = sentenceList([...mappings.keys()].map(organizationName));
    return {
      title,
      text:
        `No similar name is in ${names}’s metadata. Add it to the entry of a role that ${user} has.`,
    };
  }
  const [key = ""] = [...mappings.values()]
    .flatMap((mapping) => grantingKeys(mapping, meant));
  return {
    title,
    text: `The entry “${key}” grants “${meant}”, which differs in ${
      difference(permission, meant)
    }. Names are compared exactly: correct the entry, or what the API asks for.`,
    ...entryOf(key, context),
  };
}

/** What is wrong with an entry whose name is like the right one. */
export function misnamed(entry: string, right: string): string {
  return `Names of roles are compared exactly, and “${entry}” differs from “${right}” in ${
    difference(entry, right)
  }. Add an entry “${right}” with its permissions.`;
}

function difference(one: string, other: string): string {
  return one.toLowerCase() === other.toLowerCase()
    ? "upper and lower case"
    : "spelling";
}

function entryOf(key: string, { mappings }: AnswerContext) {
  const [organization] =
    [...mappings].find(([, { plain }]) => plain.has(key)) ?? [];
  return organization === undefined ? {} : { entry: { organization, key } };
}

function rolesOf(
  grants: readonly HeldRoles[],
  { projectName }: AnswerContext,
): string {
  return sentenceList(
    grants.map(({ held, project }) =>
      `${sentenceList(held)} in ${projectName(project)}`
    ),
  );
}

function grantsIt(by: readonly HeldRoles[], context: AnswerContext): string {
  return `${rolesOf(by, context)} ${isPlural(by) ? "grant" : "grants"} it`;
}

function isPlural(by: readonly HeldRoles[]): boolean {
  return by.flatMap(({ held }) => held).length > 1;
}

function givers(
  grants: readonly HeldRoles[],
  { organizationName }: AnswerContext,
): string {
  const ids = new Set(grants.map(({ grantedBy }) => grantedBy));
  return sentenceList([...ids].map((id) => `${organizationName(id)} (${id})`));
}

/** Joins words as in a sentence. */
export function sentenceList(
  words: readonly string[],
  last: "and" | "or" = "and",
): string {
  const type = last === "and" ? "conjunction" : "disjunction";
  return new Intl.ListFormat("en-GB", { type }).format(words);
}
