import { type Facts, metadataApiOf } from "./facts.ts";
import type { Report } from "./finding.ts";

/** Judges what APPLICATIONS lists, and what it leaves out. */
export function judgeApplications(facts: Facts, report: Report): void {
  const { applications: listed, projects } = facts.config.value ?? {};
  if (listed === undefined) return;
  if (metadataApiOf(facts) === "management_v1") {
    const seen =
      "cannot work on v3, which does not name the application: no person gets permissions";
    const fix = "remove APPLICATIONS, and let every API check client_id";
    return report("applications", "broken", seen, { fix });
  }
  // Without them, that no organization can be listed was reported.
  if (!facts.projects) return;
  const { value: seen, problem } = facts.projects;
  if (problem) return report("not_checked", "warning", problem);
  const { applications, isComplete } = seen;
  const found = new Set(applications.map(({ clientId }) => clientId));
  for (const id of listed.difference(found)) {
    // Who is no IAM_OWNER does not see every application.
    if (isComplete && facts.owner) {
      report("applications", "warning", "no such application", {
        items: [id],
        why:
          "it was deleted, or is a typing error; service users need not be listed",
        fix: "correct or remove the id in APPLICATIONS",
      });
    } else {
      const seen = "applications of APPLICATIONS that could not be looked up";
      report("not_checked", "note", seen, { items: [id] });
    }
  }
  const listedFirst = applications.toSorted((a, b) =>
    Number(listed.has(b.clientId)) - Number(listed.has(a.clientId))
  );
  for (const { name, clientId, project } of listedFirst) {
    const items = [`${name} (${clientId}) of project ${project.name}`];
    const isOurs = projects?.has(project.id);
    if (!listed.has(clientId)) {
      if (!clientId || !isOurs) continue;
      const seen = "of projects that PROJECTS lists, and not listed themselves";
      report("applications", "note", seen, { items });
    } else if (isOurs ?? true) {
      report("applications", "ok", "these get permissions", { items });
    } else {
      const seen = "of projects that PROJECTS does not list";
      report("applications", "note", seen, {
        items,
        why:
          "its users get permissions of the listed projects if they request their audience",
        fix: "nothing, if that is meant; else remove it from APPLICATIONS",
      });
    }
  }
}
