import { type Facts, metadataApiOf } from "./facts.ts";
import { type Finding, finding, problemFinding } from "./finding.ts";

/** Judges what APPLICATIONS lists, and what it leaves out. */
export function judgeApplications(facts: Facts): Finding[] {
  const { config, applications: seen, targets } = facts;
  const listed = config.value?.applications;
  if (listed === undefined) return [];
  if (metadataApiOf(facts) === "management_v1") {
    return [
      finding(
        "applications",
        "broken",
        "cannot work on v3, which does not name the application: no person gets permissions",
        { fix: "remove APPLICATIONS, and let every API check client_id" },
      ),
    ];
  }
  if (seen === undefined) return [];
  if (seen.problem) {
    return [problemFinding("not_checked", "warning", seen.problem)];
  }
  const { applications, isComplete } = seen.value;
  const projects = config.value?.projects;
  const byId = new Map(applications.map((it) => [it.clientId, it]));
  // Who is no IAM_OWNER does not see every application.
  const seesAll = isComplete && targets?.value !== undefined;
  const unlisted = applications.filter(({ clientId, project }) =>
    clientId && projects?.has(project.id) && !listed.has(clientId)
  );
  return [
    ...[...listed].map((id) => {
      const found = byId.get(id);
      if (found === undefined) {
        return seesAll
          ? finding("applications", "warning", "no such application", {
            items: [id],
            why:
              "it was deleted, or is a typing error; service users need not be listed",
          })
          : finding(
            "not_checked",
            "note",
            "applications of APPLICATIONS that could not be looked up",
            { items: [id] },
          );
      }
      const items = [describe(found)];
      return projects === undefined || projects.has(found.project.id)
        ? finding("applications", "ok", "these get permissions", { items })
        : finding(
          "applications",
          "note",
          "of projects that PROJECTS does not list",
          {
            items,
            why:
              "its users get permissions of the listed projects if they request their audience",
            fix: "nothing, if that is meant; else remove it from APPLICATIONS",
          },
        );
    }),
    ...unlisted.map((application) =>
      finding(
        "applications",
        "note",
        "of projects that PROJECTS lists, and not listed themselves",
        { items: [describe(application)] },
      )
    ),
  ];
}

function describe(
  { name, clientId, project }: {
    readonly name: string;
    readonly clientId: string;
    readonly project: { readonly name: string };
  },
): string {
  return `${name} (${clientId}) of project ${project.name}`;
}
