import { UsageError } from "../cli/errors.ts";
import { splitKeys } from "../cli/env_file.ts";
import type { Settings } from "../cli/settings.ts";
import { list, nameOf } from "../doctor/names.ts";
import {
  findMappingOrganization,
  fixedOrganization,
} from "../mapping/mapping_organization.ts";
import type { Mapping } from "../mapping/parse_roles.ts";
import type { Instance } from "../zitadel/client.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import { type Organization, ownOrganization } from "../zitadel/organization.ts";
import { listTargets } from "../zitadel/target.ts";
import type { SetupOptions } from "./command_line.ts";
import {
  findMappedProjects,
  findNamedProjects,
  type MappedProject,
} from "./role_projects.ts";

/** Whose metadata takes the mapping. */
interface MappingPlace {
  readonly organization: Organization;
  /** Why this one; `undefined` if the operator named it. */
  readonly why?: string | undefined;
  /** Whether it is known to own the projects whose roles are mapped. */
  readonly ownsProjects?: boolean;
  /** Whether only the names of its roles speak for it: someone has to agree. */
  readonly isGuessed?: boolean;
}

/**
 * Finds whose metadata is touched. If a first set-up finds the project that has
 * the roles, and METADATA_ORGANIZATION is unset, its owner becomes the organization
 * for all users: by default the function reads each user's own, which on an
 * instance with customers is another one.
 */
export async function findPlace(
  options: SetupOptions,
  { instance, settings, mapping }: {
    readonly instance: Instance;
    readonly settings: Settings;
    readonly mapping: Mapping;
  },
): Promise<MappingPlace & { readonly isProposed?: boolean } | undefined> {
  const { org, remove, roles, forCustomers, name } = options;
  const isFixed = fixedOrganization(settings) !== undefined;
  const isNeeded = roles !== undefined || forCustomers || isFixed && !remove;
  if (!isNeeded) return undefined;
  if (remove) {
    return {
      organization: await findMappingOrganization(instance, { org, settings }),
    };
  }
  const isSetUp = (await listTargets(instance)).some((it) => it.name === name);
  const place = await chooseOrganization(instance, options, {
    settings,
    isSetUp,
    keys: [...mapping.keys()],
  });
  if (place.isGuessed && options.yes && !options.dryRun) {
    const { id, name } = place.organization;
    throw new UsageError(
      `With --yes, name the organization whose metadata takes the mapping: --org ${id} for ${name} (${place.why})`,
    );
  }
  const isFirst = !isSetUp && options.endpoint !== undefined &&
    !settings.METADATA_ORGANIZATION?.trim();
  return { ...place, isProposed: isFirst && place.ownsProjects === true };
}

/**
 * Chooses whose metadata takes the mapping: the organization that the operator
 * names, else the one that owns the named projects, else the one whose projects
 * have the roles of the file, else the token's own.
 *
 * @throws {UsageError} If there are several.
 */
async function chooseOrganization(
  instance: Instance,
  { org, project: named }: Pick<SetupOptions, "org" | "project">,
  { settings, keys, isSetUp }: {
    readonly settings: Settings;
    /** The metadata keys of the roles file. */
    readonly keys: readonly string[];
    /** Whether the target exists: then entries that are in use stay where they are. */
    readonly isSetUp: boolean;
  },
): Promise<MappingPlace> {
  if (org !== undefined || fixedOrganization(settings) !== undefined) {
    const where = { org, settings };
    const organization = await findMappingOrganization(instance, where);
    const mapped = await findMappedProjects(instance, keys, [organization]);
    const why = org === undefined ? "METADATA_ORGANIZATION" : undefined;
    return { organization, why, ownsProjects: mapped.length > 0 };
  }
  const [project, ...others] = [
    ...await findNamedProjects(instance, "--project", named),
    ...await findNamedProjects(
      instance,
      "PROJECTS",
      splitKeys(settings.PROJECTS),
    ),
  ];
  if (project !== undefined) {
    if (others.some(({ owner }) => owner.id !== project.owner.id)) {
      throw new UsageError(
        "The projects belong to several organizations: name the one whose metadata holds the mapping with --org",
      );
    }
    const why = `it owns the project ${nameOf(project)}`;
    return { organization: project.owner, why, ownsProjects: true };
  }
  const own = await ownOrganization(instance);
  const { entries } = isSetUp
    ? await listMetadata(instance, own.id)
    : { entries: [] };
  return entries.some(({ key }) => keys.includes(key))
    ? { organization: own, why: "it has such entries already" }
    : chooseByRoles(await findMappedProjects(instance, keys), own, keys);
}

/**
 * Chooses the owner of the projects that have the roles. Anyone who owns a project
 * may give it roles of any name: of several owners the operator has to choose,
 * unless the token's own organization has as many of them as any.
 */
function chooseByRoles(
  found: readonly MappedProject[],
  own: Organization,
  keys: readonly string[],
): MappingPlace {
  const owners = [...Map.groupBy(found, ({ owner }) => owner.id).values()]
    .map((projects) => ({
      organization: projects[0]!.owner,
      projects,
      roles: new Set(projects.flatMap(({ keys }) => keys)).size,
    }))
    .sort((a, b) =>
      b.roles - a.roles || Number(b.organization.id === own.id) -
        Number(a.organization.id === own.id)
    );
  const [chosen, ...others] = owners;
  if (chosen === undefined) {
    const why = keys.length > 0
      ? "the token's own, since no project has these roles"
      : "the token's own";
    return { organization: own, why };
  }
  const { projects, organization } = chosen;
  const isOwn = organization.id === own.id;
  if (others.length > 0 && !isOwn) {
    const choices = owners.map(({ organization, projects }) =>
      `--org ${organization.id} for ${organization.name} with ${
        list(projects.map(nameOf))
      }`
    );
    throw new UsageError(
      `Projects of several organizations have these roles: name the one whose metadata holds the mapping (${
        choices.join(", ")
      })`,
    );
  }
  const has = projects.length === 1 ? "project has" : "projects have";
  const why = `its ${has} these roles: ${list(projects.map(nameOf))}`;
  return { organization, why, ownsProjects: true, isGuessed: !isOwn };
}
