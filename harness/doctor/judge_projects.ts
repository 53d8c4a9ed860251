import type { Facts } from "./facts.ts";
import { type Finding, finding, problemFinding } from "./finding.ts";
import { nameOf } from "./names.ts";

/** More projects than that are not proposed for PROJECTS. */
const MAX_PROPOSED = 5;

/** Judges PROJECTS: what is listed, who owns it, and whether it should be set. */
export function judgeProjects(facts: Facts): Finding[] {
  const config = facts.config.value;
  if (config === undefined) return [];
  return config.projects === undefined
    ? judgeUnset(facts)
    : judgeListed(facts, config.projects);
}

/** Reports whether several organizations own projects. */
export function haveSeveralOwners({ projects }: Pick<Facts, "projects">) {
  const owners = new Set(
    projects?.value?.projects.map(({ owner }) => owner.id),
  );
  return owners.size > 1;
}

/** Whether that matters is judged with the entries that it concerns. */
function judgeUnset({ projects }: Facts): Finding[] {
  const ids = projects?.value?.projects.map(({ id }) => id) ?? [];
  const fix = ids.length > 0 && ids.length <= MAX_PROPOSED
    ? `PROJECTS=${ids.join(",")}\nor those of them that are yours`
    : undefined;
  return [
    finding("projects", "note", "unset: roles of every project count", { fix }),
  ];
}

function judgeListed(
  { projects, targets }: Facts,
  listed: ReadonlySet<string>,
): Finding[] {
  if (projects === undefined) return [];
  if (projects.problem) {
    return [problemFinding("not_checked", "warning", projects.problem)];
  }
  return [...listed].map((id) => {
    const project = projects.value.projects.find((it) => it.id === id);
    if (project) {
      const { owner } = project;
      return finding("projects", "ok", "these count", {
        items: [`${nameOf(project)} of ${nameOf(owner)}`],
      });
    }
    // Who is no IAM_OWNER does not see every project.
    if (!projects.value.isComplete || !targets?.value) {
      const seen = "projects of PROJECTS whose owner could not be looked up";
      return finding("not_checked", "note", seen, {
        items: [id],
        why: "a tenant could create a project with an id that is listed",
        fix: "set ZITADEL_ADMIN_TOKEN to a token of IAM_OWNER",
      });
    }
    return finding("projects", "broken", "no such project", {
      items: [id],
      why:
        "a tenant could create a project with this id, and its roles would count",
      fix: "correct or remove the id in PROJECTS",
    });
  });
}
