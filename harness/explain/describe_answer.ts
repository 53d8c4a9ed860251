import {
  type ExplainedMapping,
  NOT_COUNTED,
  UNLISTED_APPLICATION,
} from "./explain.ts";
import {
  grantingKeys,
  type HeldRoles,
  type PermissionAnswer,
} from "./explain_permission.ts";
import { nearestName } from "./nearest_name.ts";

const VERDICTS: Readonly<Record<PermissionAnswer["kind"], string>> = {
  held: "yes",
  must_request: "only if the login requests the project's roles",
  not_counted: "no, the grant does not count",
  unreadable:
    "no, an entry that was probably meant to grant it cannot be read (deno task doctor)",
  missing_role:
    "no, only roles grant it that the user lacks, or that have another entry in the user's project",
  other_organization:
    "no, only mappings of other organizations grant it (METADATA_ORGANIZATION)",
  no_entry: "no, no entry grants it",
};

/** When roles need no request. */
export const SENT_UNASKED =
  "Without a request, ZITADEL sends only the roles of the application’s own project, and only if that project asserts roles.";

/** An entry of an organization's metadata. */
export interface EntryName {
  readonly organization: string;
  readonly key: string;
}

/** An answer in words. */
export interface AnswerText {
  /** Yes or no, in general terms. */
  readonly verdict: string;
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
  readonly mappings: ReadonlyMap<string, ExplainedMapping>;
  /** The organizations whose mappings count for the user. */
  readonly counted: ReadonlySet<string>;
  readonly projectName: (id: string) => string;
  readonly organizationName: (id: string) => string;
}

/** Puts the answer about a permission into words. */
export function describeAnswer(
  answer: PermissionAnswer,
  given: AnswerContext,
): AnswerText {
  const own = [...given.mappings].filter(([id]) => given.counted.has(id));
  const context = { ...given, mappings: new Map(own) };
  return { verdict: VERDICTS[answer.kind], ...detailsOf(answer, context) };
}

function detailsOf(
  answer: PermissionAnswer,
  context: AnswerContext,
): Omit<AnswerText, "verdict"> {
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
        text: "It was probably meant to grant it.",
        ...entryOf(key, context),
      };
    }
    case "missing_role":
      return describeMissingRole(answer.names, context);
    case "other_organization":
      return {
        title: `Only ${
          sentenceList(answer.names.map(organizationName))
        }’s metadata grants “${permission}”`,
        text: "METADATA_ORGANIZATION decides whose metadata counts.",
      };
    case "no_entry":
      return describeNoEntry(answer.names[0], context);
  }
}

/** Two grants may be left out for two reasons: the first is described. */
function describeNotCounted(
  by: readonly HeldRoles[],
  context: AnswerContext,
): Omit<AnswerText, "verdict"> {
  const why = by[0]?.why ?? "";
  const same = by.filter((it) => it.why === why);
  const projects = [...new Set(same.map(({ project }) => project))];
  return {
    title: `${rolesOf(same, context)} ${
      isPlural(same) ? "do" : "does"
    } not count: ${why}`,
    text: [
      !why.startsWith(UNLISTED_APPLICATION) &&
      `Granted in project ${sentenceList(projects)} by ${
        givers(same, context)
      }.`,
      ...remedyOf(why, sentenceList(projects)),
    ].filter(Boolean).join(" "),
  };
}

function remedyOf(why: string, projects: string): string[] {
  const remedy = (what: string) => [
    `If ${what}, then restart the function.`,
  ];
  if (why === NOT_COUNTED.unlisted_project) {
    return remedy(`it should count, add ${projects} to PROJECTS`);
  }
  if (why === NOT_COUNTED.unlisted_organization) {
    return remedy(
      "what this organization grants should count, add it to GRANTED_BY",
    );
  }
  if (why === NOT_COUNTED.inactive) {
    return ["Activate the authorization in ZITADEL’s console."];
  }
  return why.startsWith(UNLISTED_APPLICATION)
    ? remedy(
      "tokens for this application should have permissions, add it to APPLICATIONS",
    )
    : [];
}

function describeMissingRole(
  keys: readonly string[],
  context: AnswerContext,
): Omit<AnswerText, "verdict"> {
  const { permission, user, grants, mappings, projectName } = context;
  const held = [...new Set(grants.flatMap((it) => it.held))];
  // An entry is a misspelling only of a role that has none of its own.
  const unmapped = held.filter((role) =>
    [...mappings.values()].every(({ plain }) => !plain.has(role))
  );
  for (const key of keys) {
    const role = key.slice(key.indexOf(":") + 1);
    const same = held.find((name) => name === key || name === role);
    const meant = same ?? nearestName(key, unmapped) ??
      nearestName(role, unmapped);
    if (meant === undefined) continue;
    const isSame = meant === same;
    return {
      title: isSame
        ? `${user} has ${meant}, and another entry counts for it`
        : `The entry “${key}” grants it, and ${user} has “${meant}”`,
      text: isSame
        ? `“${permission}” is in the entry “${key}” only.`
        : misnamed(role, meant),
      ...entryOf(key, context),
      ...(!isSame && { meant }),
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
): Omit<AnswerText, "verdict"> {
  const { permission, user, mappings, organizationName } = context;
  const title = `No entry grants “${permission}”`;
  if (meant === undefined) {
    return {
      title,
      text: `No similar name is in ${
        sentenceList([...mappings.keys()].map(organizationName))
      }’s metadata. Add it to the entry of a role that ${user} has.`,
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

/** What is wrong with an entry whose name is like a role's. */
export function misnamed(entry: string, role: string): string {
  return `Names of roles are compared exactly, and “${entry}” differs from “${role}” in ${
    difference(entry, role)
  }. Add an entry “${role}” with its permissions.`;
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
  const names = grants.map(({ grantedBy }) =>
    `${organizationName(grantedBy)} (${grantedBy})`
  );
  return sentenceList([...new Set(names)]);
}

/** Joins words as in a sentence. */
export function sentenceList(words: readonly string[], last = "and"): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}
