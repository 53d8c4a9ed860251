import { sentenceList } from "./describe_answer.ts";
import { answerPermission } from "./explain_permission.ts";
import {
  explainDifference,
  explainUnsent,
  inWords,
  isMappingKnown,
  nameOf,
  notCarried,
  poorEntry,
  unknownMapping,
} from "./diagnose_token.ts";
import type { Facts, Finding } from "./token_question.ts";

/** Answers why a permission is missing in the token, or that it is not. */
export async function answerQuestion(
  permission: string,
  facts: Facts,
  diagnosis: Finding | undefined,
): Promise<Finding> {
  const { held, roles, rules, user, mappingOf } = facts;
  const present = explainPresent(permission, facts);
  if (present) return present;
  if (diagnosis?.isBroken) return diagnosis;
  if (!isMappingKnown(facts)) {
    return facts.claim === "missing" && diagnosis || unknownMapping(facts);
  }
  const { answer, mappings } = await answerPermission(permission, {
    grants: held,
    userOrganization: user?.organizationId ?? roles[0]?.organization ?? "",
    mappingOf,
    rules,
  });
  if (answer.kind === "held") {
    return explainDifference(facts, permission) ?? notCarried(permission);
  }
  const found = inWords(answer, permission, facts, mappings);
  if (answer.kind === "must_request") {
    return explainUnsent(facts, answer.by, found.title) ?? found;
  }
  const role = answer.kind === "unreadable" &&
    roles.find((it) => it.key === answer.names[0]);
  return role ? poorEntry(role, facts) : found;
}

/** What the token itself says. */
function explainPresent(
  permission: string,
  { items, roles, place, projects, organizations }: Facts,
): Finding | undefined {
  const found = items.filter((it) => it.permission === permission);
  const [first] = found;
  if (!first) return undefined;
  const isHere = ({ project, organization }: typeof first) =>
    (project ?? place.project) === place.project &&
    (organization ?? place.organization) === place.organization;
  if (!found.some(isHere)) {
    const { project = "", organization } = first;
    const isForeign = organization && organization !== place.organization;
    const by = isForeign
      ? `, given by ${nameOf(organization, organizations)}`
      : "";
    const served = isForeign
      ? ` for ${nameOf(place.organization, organizations)}`
      : "";
    return {
      title: `“${permission}” is in this token for ${
        nameOf(project, projects)
      }${by}`,
      text: `An API of ${
        nameOf(place.project, projects)
      }${served} does not look there, and answers 403.`,
    };
  }
  const by = roles.filter((it) => it.permissions.includes(permission))
    .map(({ role, project }) => `${role} in ${nameOf(project, projects)}`);
  return {
    tone: "good",
    title: `“${permission}” is in this token`,
    text: by.length > 0
      ? `By ${sentenceList(by)}.`
      : organizations.length > 0
      ? "No entry grants it now: it is from an older mapping, or from another target."
      : "Which role grants it is in the mapping, which this page does not know.",
  };
}
