/**
 * Finds the one cause of missing permissions in a token, and what fixes it. It
 * judges what the page found, and sees no token.
 *
 * @module
 */
import {
  describeAnswer,
  misnamed,
  SENT_UNASKED,
  sentenceList,
} from "./describe_answer.ts";
import { nearestName } from "../cli/closest.ts";
import { describeFailure, isFailed } from "./describe_failure.ts";
import type {
  HeldRoles,
  Mappings,
  PermissionAnswer,
} from "./explain_permission.ts";
import { rolesNotSent } from "./roles_not_sent.ts";
import type { Facts, Finding, Role } from "./token_question.ts";

const OTHER_SETTINGS =
  "By this page’s settings it should be there. The function that answered has others: compare PROJECTS, GRANTED_BY, APPLICATIONS, METADATA_ORGANIZATION and PERMISSIONS_CLAIM.";
const API_SCOPE = "urn:zitadel:iam:org:project:id:zitadel:aud";
const SETUP = { label: "Copy “deno task setup”", copy: "deno task setup" };
const DOCTOR = { label: "Copy “deno task doctor”", copy: "deno task doctor" };

/** Finds the one cause; `undefined` if nothing is wrong. */
export function diagnose(facts: Facts): Finding | undefined {
  switch (facts.claim) {
    case "missing":
      return diagnoseMissing(facts);
    case "odd":
      return {
        isBroken: true,
        title: `“${facts.claimName}” has a shape that this function never uses`,
        text:
          "Another target or an older Action put it there. Set PERMISSIONS_CLAIM to another name, or remove the other one.",
      };
    case "empty":
      return explainDifference(facts) ?? diagnoseEmpty(facts);
    case "filled": {
      const found = explainDifference(facts) ?? explainUnsent(facts);
      return found && { ...found, tone: "note" };
    }
  }
}

/**
 * Explains why the mapping grants what the token lacks: it changed after the
 * token was issued, or the function answered from its cache.
 */
export function explainDifference(
  facts: Facts,
  permission?: string,
): Finding | undefined {
  const { roles, items, rules, freshMs, binding, organizations } = facts;
  const isMissing = (name: string) =>
    (permission ?? name) === name && isCarried(name, rules.shape) &&
    !items.some((it) => it.permission === name);
  const changed = roles.filter((it) => it.permissions.some(isMissing));
  const [first] = changed;
  if (!first) return undefined;
  const names = changed.flatMap((it) => it.permissions).filter(isMissing);
  const since = Math.max(
    ...changed.map(({ organization, key }) =>
      organizations.find(({ id }) => id === organization)
        ?.entries.find((it) => it.key === key)?.changed ?? 0
    ),
  );
  const asked = facts.exchanges?.[0]?.time ?? facts.issuedAt ?? 0;
  const grants = `${
    nameOf(first.organization, organizations)
  }’s metadata grants ${sentenceList([...new Set(names)])}`;
  const fix = { label: "Try with a new token", renew: true };
  if (since > asked) {
    return {
      title: "The mapping changed after this token was issued",
      text: `${grants} since ${timeOf(since)}, and the token is from ${
        timeOf(asked)
      }.`,
      fix,
    };
  }
  const isTold = binding?.some(({ condition }) =>
    condition.startsWith("event")
  );
  return {
    title: "The function answered from its cache, with an older mapping",
    text: `${grants} now. The function keeps what it has read until ${
      timeOf(since + freshMs)
    } (CACHE_FRESH_SECONDS=${
      freshMs / 1000
    }); the first token after that has it read again, and the next one is right.${
      isTold === false
        ? " ZITADEL does not tell it of changes, since no target is bound to event/group/org.metadata: deno task setup binds it."
        : ""
    }`,
    fix,
  };
}

/** Reports whether a shape can carry a name. */
function isCarried(name: string, shape: string | undefined): boolean {
  return shape !== "string" || !/\s/.test(name);
}

/** Without a difference, the mapping grants what the shape has no room for. */
export function notCarried(permission: string): Finding {
  return {
    title: `PERMISSIONS_SHAPE=string cannot carry “${permission}”`,
    text: "Its white space would make two names of it: rename it.",
  };
}

function diagnoseEmpty(facts: Facts): Finding {
  const counted = facts.roles.filter(({ isCounted }) => isCounted);
  const [first] = counted;
  if (!first || !isMappingKnown(facts)) return unknownMapping(facts);
  const [left] = counted.flatMap(({ permissions }) => permissions);
  if (left !== undefined) return notCarried(left);
  const found = counted.find(({ key }) => key !== undefined);
  if (found) return poorEntry(found, facts);
  const wanted = [...new Set(counted.map(({ role }) => role))];
  const add = counted.map((it) => ({
    organization: it.organization,
    key: it.role,
    like: nearestEntry(it, facts),
  }));
  const [{ like } = {}] = add;
  const owner = nameOf(first.organization, facts.organizations);
  return {
    title: `${owner}’s metadata has no entry for ${sentenceList(wanted, "or")}`,
    text: like !== undefined
      ? misnamed(like, first.role)
      : "A role gets its permissions from the entry with its name, compared exactly. Add one with example permissions, change them as you like, then save.",
    fix: {
      label: wanted.length === 1 ? "Add it" : `Add all ${wanted.length}`,
      add,
    },
  };
}

/** The entry of an organization whose name is most like a role's, but no role's that the user has. */
function nearestEntry(
  { organization, role }: Role,
  { organizations, held }: Facts,
): string | undefined {
  const owner = organizations.find(({ id }) => id === organization);
  const roles = new Set(held.flatMap((it) => it.held));
  const keys = new Set(owner?.entries.map(({ key }) => key));
  return nearestName(role, [...keys.difference(roles)]);
}

/** An entry that grants nothing: it cannot be read, or is an empty list. */
export function poorEntry(
  { key = "", why, organization }: Pick<Role, "key" | "why" | "organization">,
  { organizations }: Facts,
): Finding {
  return {
    title: why ?? `The entry “${key}” cannot be read`,
    text: `So the entry “${key}” in ${
      nameOf(organization, organizations)
    }’s metadata grants nothing.`,
    fix: { label: "Edit the entry", edit: { organization, key } },
  };
}

/** What to do if the mapping is not known here. */
export function unknownMapping({ login }: Facts): Finding {
  const label = "Log in again and read the mapping";
  const canRead = login && !login.scope.includes(API_SCOPE);
  return {
    title: "This page does not know the mapping",
    text:
      "It takes an administrator’s rights to read it. deno task explain --user NAME --permission NAME answers too.",
    ...(canRead && { fix: { label, scopes: API_SCOPE } }),
  };
}

export function isMappingKnown({ roles, organizations }: Facts): boolean {
  return organizations.length > 0 &&
    roles.every((it) => organizations.some(({ id }) => id === it.organization));
}

function diagnoseMissing(facts: Facts): Finding {
  const { exchanges, roles, held, userinfo, binding, user } = facts;
  const where = `function/${facts.isOpaque ? "preuserinfo" : "preaccesstoken"}`;
  const bound = binding?.find(({ condition }) => condition === where);
  const call = exchanges?.find(({ condition }) => condition === where);
  const isAsked = exchanges
    ? call
    : binding
    ? bound
    : userinfo?.hasClaim !== true;
  if (!isAsked) {
    const title = `No target is bound to ${where.replace("function/", "")}`;
    return {
      isBroken: true,
      ...bound
        ? {
          title: `${title} when this token was issued`,
          text: `${bound.name} at ${bound.endpoint} is bound now.`,
          fix: { label: "Try with a new token", renew: true },
        }
        : {
          title,
          text:
            "So ZITADEL issued this token without asking the function. This command binds it:",
          fix: SETUP,
        },
    };
  }
  if (call && isFailed(call)) {
    const fix = { label: "Try again", renew: true };
    const found = describeFailure(call, { ...facts, isLogin: false });
    return { ...found, isBroken: true, fix };
  }
  if (roles.some(({ isCounted }) => isCounted)) {
    return { ...unexplained(facts, bound), isBroken: true };
  }
  const by = held.filter(({ why, scopes }) => why && !scopes);
  if (by.length > 0) return inWords({ kind: "not_counted", by }, "", facts);
  if (user) return explainUnsent(facts) ?? withoutRoles(facts);
  return rolesNotSent(facts);
}

/** Roles that count were sent, and the claim is not there. */
function unexplained(
  { exchanges, claimName, roles, failure }: Facts,
  bound: NonNullable<Facts["binding"]>[number] | undefined,
): Finding {
  if (exchanges) {
    const title = `The function’s answer has no “${claimName}”`;
    return { title, text: OTHER_SETTINGS };
  }
  const names = sentenceList([...new Set(roles.map(({ role }) => role))]);
  const cause = !bound
    ? "So either no target is bound to preaccesstoken, or the function failed"
    : bound.interruptOnError
    ? `The target ${bound.name} (${bound.endpoint}) interrupts on errors, so the function did answer: with another claim, or by other settings than this page has`
    : `The target ${bound.name} does not interrupt on errors (interruptOnError), so the function at ${bound.endpoint} failed, or has other settings than this page`;
  return {
    title: "ZITADEL sent roles, and no function added permissions",
    text: `ZITADEL lists ${names} for this login. ${cause}. ${
      failure ? `Its log says: ${failure.message}. ${failure.remedy}. ` : ""
    }This command finds out:`,
    fix: DOCTOR,
  };
}

/** Explains roles that the user has and ZITADEL did not send, because the login did not request them. */
export function explainUnsent(
  facts: Facts,
  of: readonly HeldRoles[] = facts.held,
  granted?: string,
): Finding | undefined {
  const left = of.filter(({ scopes, why }) => scopes && !why);
  if (!facts.login || left.length === 0) return undefined;
  const nameOfProject = (it: HeldRoles) => nameOf(it.project, facts.projects);
  const projects = sentenceList([...new Set(left.map(nameOfProject))]);
  const held = left.map((it) =>
    `${sentenceList(it.held)} in ${nameOfProject(it)}`
  );
  const cause = `This login did not request ${projects}’s roles`;
  const why = facts.user?.isMachine
    ? "ZITADEL sends a service user’s roles only on request."
    : SENT_UNASKED;
  return {
    title: granted ? cause : `${firstName(facts)} has ${sentenceList(held)}`,
    text: `${granted ?? cause}. ${why}`,
    fix: {
      label: `Log in again and request ${projects}’s roles`,
      scopes: left.map(({ scopes }) => scopes).join(" "),
    },
  };
}

function withoutRoles(facts: Facts): Finding {
  const name = firstName(facts);
  const inactive = facts.user?.grants.find(({ active, roles }) =>
    !active && roles.length > 0
  );
  if (!inactive) {
    return {
      title: `${name} has no roles`,
      text:
        "So ZITADEL has none to send, and there is nothing to map. In ZITADEL’s console, an authorization gives a user a role in a project.",
    };
  }
  const project = nameOf(inactive.projectId, facts.projects);
  return {
    title: `${name}’s roles in ${project} are deactivated`,
    text: "ZITADEL sends only the roles of active authorizations.",
  };
}

/** An answer of `explain --permission`, in its words. */
export function inWords(
  answer: PermissionAnswer,
  permission: string,
  facts: Facts,
  mappings: Mappings = new Map(),
): Finding {
  const { title, text, entry, meant } = describeAnswer(answer, {
    permission,
    mappings,
    user: firstName(facts),
    grants: facts.held,
    projectName: (id) => nameOf(id, facts.projects),
    organizationName: (id) => nameOf(id, facts.organizations),
  });
  if (!entry) return { title, text };
  // Only the entry of a role that was sent has a row to add it in.
  const isAddable = facts.roles.some((it) =>
    [it.role, `${it.project}:${it.role}`].includes(meant ?? "") &&
    it.key === undefined && it.isCounted &&
    it.organization === entry.organization
  );
  const fix = meant !== undefined && isAddable
    ? {
      label: `Add “${meant}”`,
      add: [{ ...entry, key: meant, like: entry.key }],
    }
    : { label: "Edit the entry", edit: entry };
  return { title, text, fix };
}

/** The name of a project or an organization, or its id. */
export function nameOf(
  id: string,
  known: readonly { readonly id: string; readonly name: string }[],
): string {
  return known.find((it) => it.id === id)?.name || id;
}

function firstName({ user }: Facts): string {
  return user?.displayName.split(" ")[0] || "This user";
}

function timeOf(ms: number): string {
  return new Date(ms).toLocaleTimeString("en-GB");
}
