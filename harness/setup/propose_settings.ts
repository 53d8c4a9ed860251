import { UsageError } from "../cli/errors.ts";
import { splitKeys } from "../cli/env_file.ts";
import { list, nameOf } from "../doctor/names.ts";
import type { Instance } from "../zitadel/client.ts";
import { addToList } from "./add_to_list.ts";
import type { Proposal, ProposalWish } from "./proposal.ts";
import { proposeForCustomers } from "./propose_for_customers.ts";
import { findMappedProjects, findProjects } from "./propose_projects.ts";

/**
 * Proposes PROJECTS: the projects that the operator named, and, if it is unset,
 * those of the mapping's organization that have mapped roles. For customers, the
 * other settings of that set-up too.
 *
 * @throws {UsageError} If a project does not exist, or none is known for customers.
 */
export async function proposeSettings(
  instance: Instance,
  wish: ProposalWish,
): Promise<Proposal> {
  const { organization, keys, named, state } = wish;
  const listed = splitKeys(state.env.PROJECTS);
  const mapped = organization
    ? await findMappedProjects(instance, organization.id, keys)
    : [];
  const first = organization?.id;
  const chosen = [
    ...listed.length > 0 ? [] : mapped,
    ...await findProjects(instance, named, { from: "--project", first }),
  ];
  const unlisted = mapped.filter(({ id }) =>
    listed.length > 0 && ![...listed, ...named].includes(id)
  );
  const proposal: Proposal = {
    settings: addToList(state.env, "PROJECTS", chosen),
    notes: unlisted.length === 0 ? [] : [
      `PROJECTS stays as it is (${listed}); ${
        list(unlisted.map(nameOf))
      } with mapped roles would be added by ${
        unlisted.map(({ id }) => `--project ${id}`).join(" ")
      }`,
    ],
  };
  if (!wish.forCustomers || organization === undefined) return proposal;
  const projects = [
    ...await findProjects(instance, listed, { from: "PROJECTS", first }),
    ...chosen,
  ];
  if (projects.length === 0) {
    throw new UsageError(
      `--for-customers needs your projects, and no project of ${
        nameOf(organization)
      } has a role with an entry: name them with --project ID, or give the mapping with --roles FILE`,
    );
  }
  const more = await proposeForCustomers(instance, {
    ...wish,
    organization,
    projects,
  });
  return {
    settings: [...proposal.settings, ...more.settings],
    notes: [...proposal.notes, ...more.notes],
  };
}
