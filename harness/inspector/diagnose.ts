/**
 * Finds the one cause of missing permissions in a token, and what fixes it. It
 * judges what the page found, and sees no token.
 *
 * @module
 */
import { z } from "zod";
import type { GrantExplanation, RoleExplanation } from "../explain/explain.ts";

const Grant = z.object({
  projectId: z.string(),
  project: z.string(),
  roles: z.array(z.string()),
  active: z.boolean(),
});

/** What the page found. The sandbox shows more than a real instance does. */
export const Findings = z.object({
  /** The permissions claim: missing, of a shape that is not ours, empty, filled. */
  claim: z.enum(["missing", "odd", "empty", "filled"]),
  isOpaque: z.boolean(),
  audience: z.array(z.string()),
  /** Missing for a pasted token. */
  login: z.object({
    clientId: z.string(),
    scope: z.string(),
    redirectUri: z.string(),
  }).optional(),
  userinfo: z.object({ hasClaim: z.boolean(), error: z.string().optional() })
    .optional(),
  /** The calls for this token; missing if they cannot be seen. */
  calls: z.array(z.object({
    condition: z.string(),
    status: z.number().optional(),
    error: z.string().optional(),
  })).optional(),
  user: z.object({ displayName: z.string(), grants: z.array(Grant) })
    .optional(),
  projects: z.array(z.object({ id: z.string(), assertsRoles: z.boolean() })),
  apps: z.array(z.object({
    name: z.string(),
    clientId: z.string(),
    projectId: z.string(),
    kind: z.string(),
    accessToken: z.string().optional(),
    redirectUris: z.array(z.string()).default([]),
  })),
});

/** A role, and what the function's code makes of it. */
export type Role =
  & RoleExplanation
  & Pick<GrantExplanation, "project" | "grantedBy" | "organization">;

/** Everything that is judged. */
export type Case = z.infer<typeof Findings> & {
  /** The name of the permissions claim. */
  readonly claimName: string;
  /** The project that the page was started for; empty if none. */
  readonly projectId: string;
  readonly roles: readonly Role[];
  /** Organizations whose mapping is known, by id. */
  readonly names: ReadonlyMap<string, string>;
};

/** What a button does about it: one of the fields beside the label. */
export interface Fix {
  readonly label: string;
  /** Log in again and request these scopes too. */
  readonly scopes?: readonly string[];
  /** Log in again with this application. */
  readonly clientId?: string;
  /** Add entries for these roles. */
  readonly add?: readonly Role[];
  /** Go to the entry of this role. */
  readonly edit?: Role;
  /** A command to run. */
  readonly copy?: string;
  /** Get a new token. */
  readonly renew?: boolean;
}

/** One cause, in words for people. */
export interface Diagnosis {
  readonly title: string;
  readonly text: string;
  readonly fix?: Fix;
  /** Nothing is wrong; something is worth knowing. */
  readonly isNote?: boolean;
}

const EMPTY_ENTRY = /empty array/;
const API_SCOPE = "urn:zitadel:iam:org:project:id:zitadel:aud";

/**
 * Finds the one cause of missing permissions.
 *
 * @param found What is known about a token.
 * @returns `undefined` if the token has permissions.
 */
export function diagnose(found: Case): Diagnosis | undefined {
  switch (found.claim) {
    case "missing":
      return diagnoseMissing(found);
    case "empty":
      return diagnoseEmpty(found);
    case "odd":
      return {
        title: `“${found.claimName}” has a shape that this function never uses`,
        text:
          "Another target or an older Action put it there. Set PERMISSIONS_CLAIM to another name, or remove the other one.",
      };
    case "filled":
      return found.isOpaque ? opaque(found) : undefined;
  }
}

function opaque({ apps, login }: Case): Diagnosis {
  const own = apps.find((it) => it.clientId === login?.clientId);
  const other = apps.find((it) =>
    it.projectId === own?.projectId && it.kind === "oidc" &&
    it.accessToken === "jwt" &&
    it.redirectUris.includes(login?.redirectUri ?? "")
  );
  return {
    isNote: true,
    title: "This application issues opaque access tokens",
    text:
      "The token is a reference without claims. Your API finds the permissions by introspection; this page read them from userinfo. To have them in the token, set the application's Auth Token Type to JWT.",
    ...(other && {
      fix: {
        label: `Log in to ${other.name} instead`,
        clientId: other.clientId,
      },
    }),
  };
}

function diagnoseEmpty({ roles, names, login }: Case): Diagnosis {
  const [first] = roles;
  const owner = first && names.get(first.organization);
  if (!first || owner === undefined) {
    const canRead = login !== undefined && !login.scope.includes(API_SCOPE);
    return {
      title: "The roles grant nothing",
      text:
        "The function answered with an empty claim: the mapping has no readable entry for any of the roles.",
      ...(canRead && {
        fix: {
          label: "Log in again and read the mapping",
          scopes: [API_SCOPE],
        },
      }),
    };
  }
  const unreadable = roles.find(({ key, why }) =>
    key !== undefined && why !== undefined && !EMPTY_ENTRY.test(why)
  );
  if (unreadable) {
    return {
      title: unreadable.why!,
      text:
        `So the entry “${unreadable.key}” in ${owner}’s metadata grants nothing.`,
      fix: { label: "Edit the entry", edit: unreadable },
    };
  }
  const missing = roles.filter(({ key }) => key === undefined);
  if (missing.length === 0) {
    return {
      title: `The entry “${first.key}” has no permissions`,
      text: `${owner}’s metadata maps the role to an empty list.`,
      fix: { label: "Edit the entry", edit: first },
    };
  }
  const wanted = [...new Set(missing.map(({ role }) => role))];
  return {
    title: `${owner}’s metadata has no entry for ${sentenceList(wanted, "or")}`,
    text:
      "A role gets its permissions from the entry with its name. Add one with example permissions, change them as you like, then save.",
    fix: { label: addLabel(wanted.length), add: missing },
  };
}

function addLabel(count: number): string {
  return count === 1 ? "Add it" : count === 2 ? "Add both" : `Add all ${count}`;
}

function diagnoseMissing(found: Case): Diagnosis {
  const { calls, roles, claimName } = found;
  if (!calls) return diagnoseFromOutside(found);
  const where = found.isOpaque ? "preuserinfo" : "preaccesstoken";
  const call = calls.find(({ condition }) => condition === `function/${where}`);
  if (!call) {
    return {
      title: `No target is bound to ${where}`,
      text:
        "So ZITADEL issued this token without asking the function. This command binds it:",
      fix: SETUP,
    };
  }
  if (call.status === undefined || call.status < 200 || call.status > 299) {
    return {
      title: call.status === undefined
        ? `The function did not answer (${call.error})`
        : `The function answered HTTP ${call.status}`,
      text:
        "The target does not interrupt on errors, so ZITADEL issued the token without permissions. The function's log has the reason.",
      fix: { label: "Try again", renew: true },
    };
  }
  if (roles.length > 0) {
    return {
      title: `The function's answer has no “${claimName}”`,
      text:
        "ZITADEL sent roles, and the function left them out. Check the settings PROJECTS and PERMISSIONS_CLAIM of the function that answered.",
    };
  }
  return findUnrequested(found) ?? withoutRoles(found);
}

function withoutRoles({ user }: Case): Diagnosis {
  const name = firstName(user);
  const inactive = user?.grants.find(({ active, roles }) =>
    !active && roles.length > 0
  );
  return inactive
    ? {
      title: `${name}’s roles in ${inactive.project} are deactivated`,
      text: "ZITADEL sends only the roles of active authorizations.",
    }
    : {
      title: `${name} has no roles`,
      text:
        "So ZITADEL has none to send, and there is nothing to map. In ZITADEL's console, an authorization gives a user a role in a project.",
    };
}

/**
 * Finds roles that the user has and ZITADEL did not send, because the login did
 * not request them.
 *
 * @param found What is known about a token.
 * @returns `undefined` if ZITADEL sent all roles, or if that is not known.
 */
export function findUnrequested(found: Case): Diagnosis | undefined {
  const { user, roles, projects, login } = found;
  const sent = new Set(roles.map(({ project }) => project));
  const left =
    user?.grants.filter((grant) =>
      grant.active && grant.roles.length > 0 && !sent.has(grant.projectId)
    ) ?? [];
  if (!login || left.length === 0) return undefined;
  const names = sentenceList(left.map(({ project }) => project));
  const held = left.map(({ roles, project }) =>
    `${sentenceList(roles)} in ${project}`
  );
  const asserting = left.some(({ projectId }) =>
    projects.find(({ id }) => id === projectId)?.assertsRoles
  );
  const reason = asserting
    ? "ZITADEL sends only those of the application's own project by itself"
    : `${names} ${left.length > 1 ? "do" : "does"} not assert roles`;
  return {
    title: `${firstName(user)} has ${sentenceList(held)}`,
    text: `This login did not request them, and ${reason}.`,
    fix: {
      label: `Log in again and request ${names}’s roles`,
      scopes: roleScopes(left.map(({ projectId }) => projectId)),
    },
  };
}

/** Judges without a view of ZITADEL's calls. */
function diagnoseFromOutside(found: Case): Diagnosis {
  const { claimName, login, roles, userinfo } = found;
  const title = `This token has no “${claimName}”`;
  if (userinfo?.hasClaim) {
    return {
      title: "No target is bound to preaccesstoken",
      text:
        "Userinfo has permissions for this token, the token itself has none: the function is bound to preuserinfo only. This command binds both:",
      fix: SETUP,
    };
  }
  if (roles.length > 0) {
    const names = sentenceList(roles.map(({ role }) => role));
    return {
      title: "ZITADEL sent roles, and no function added permissions",
      text:
        `ZITADEL lists ${names} for this login. So either no target is bound to preaccesstoken, or the function failed. This command finds out:`,
      fix: { label: "Copy “deno task doctor”", copy: "deno task doctor" },
    };
  }
  if (!login) {
    return {
      title,
      text:
        "A pasted token does not tell why: either ZITADEL sent no roles, or no function answered. Log in here to find out, or run `deno task doctor`.",
    };
  }
  if (userinfo?.error !== undefined) {
    return {
      title,
      text:
        `Userinfo could not be read (${userinfo.error}), so this page cannot tell if ZITADEL sent roles. \`deno task doctor\` can.`,
    };
  }
  return rolesNotSent(found);
}

function rolesNotSent({ login, projectId, audience }: Case): Diagnosis {
  const isRequested = login?.scope.includes(
    "urn:zitadel:iam:org:projects:roles",
  );
  const projects = projectId
    ? [projectId]
    : audience.filter((id) => id !== login?.clientId);
  if (isRequested || projects.length === 0) {
    return {
      title: "This user has no roles here",
      text:
        "This login requested roles, and userinfo lists none. Give the user a role in the project, or request the roles of another project.",
    };
  }
  return {
    title: "ZITADEL sent no roles",
    text:
      "This login did not request them, and the project does not assert them. Or the user has none.",
    fix: {
      label: "Log in again and request the project’s roles",
      scopes: roleScopes(projects),
    },
  };
}

const SETUP: Fix = {
  label: "Copy “deno task setup”",
  copy: "deno task setup",
};

function roleScopes(projects: readonly string[]): string[] {
  return [
    ...projects.map((id) => `urn:zitadel:iam:org:project:id:${id}:aud`),
    "urn:zitadel:iam:org:projects:roles",
  ];
}

function firstName(user: Case["user"]): string {
  return user?.displayName.split(" ")[0] ?? "This user";
}

function sentenceList(words: readonly string[], last = "and"): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}
