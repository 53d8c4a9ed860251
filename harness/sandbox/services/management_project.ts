import { ManagementService } from "@zitadel/proto/zitadel/management_pb.js";
import { ProjectState } from "@zitadel/proto/zitadel/project_pb.js";
import { alreadyExists, notFound } from "../api_error.ts";
import { type ApiMethod, apiMethod, type Call } from "../api_method.ts";
import { newIdentifier } from "../identifier.ts";
import { listOf, matchesText } from "../list.ts";
import { removeProject } from "../remove.ts";
import { dated, touch } from "../dated.ts";
import type { Project } from "../world.ts";
import { changedDetails, createdDetails, detailsOf } from "./details.ts";

const { method } = ManagementService;

/**
 * Management v1's methods for projects, their roles and their grants to other
 * organizations.
 */
export function managementProjectMethods(): ApiMethod[] {
  return [
    apiMethod(method.listProjects, ({ query, queries }, call) => {
      const { instance, organization } = call;
      const found = [...instance.world.projects.values()].filter((project) =>
        project.organizationId === organization.id &&
        queries.every(({ query }) =>
          query.case !== "nameQuery" ||
          matchesText(project.name, query.value.name, query.value.method)
        )
      );
      const list = listOf(found, query);
      return {
        details: list.details,
        result: list.items.map((project) => ({
          id: project.id,
          details: detailsOf(project, organization.id),
          name: project.name,
          state: ProjectState.ACTIVE,
          projectRoleAssertion: project.roleAssertion,
        })),
      };
    }),
    apiMethod(
      method.addProject,
      ({ name, projectRoleAssertion }, { instance, organization }) => {
        const project: Project = {
          ...dated(2),
          id: newIdentifier(),
          organizationId: organization.id,
          name,
          roleAssertion: projectRoleAssertion,
          roles: new Map(),
        };
        instance.world.projects.set(project.id, project);
        return {
          id: project.id,
          details: createdDetails(project, organization.id),
        };
      },
    ),
    apiMethod(method.getProjectByID, ({ id }, call) => {
      const project = call.instance.world.projects.get(id);
      if (project?.organizationId !== call.organization.id) {
        throw notFound("Project not found", "MANAG-SFf2a");
      }
      return {
        project: {
          id,
          details: detailsOf(project, project.organizationId),
          name: project.name,
          state: ProjectState.ACTIVE,
          projectRoleAssertion: project.roleAssertion,
        },
      };
    }),
    apiMethod(method.removeProject, ({ id }, call) => {
      const project = projectOf(call, id);
      removeProject(call.instance.world, id);
      return { details: changedDetails(project, project.organizationId) };
    }),
    apiMethod(method.listProjectRoles, ({ projectId, query }, call) => {
      const project = projectOf(call, projectId);
      const list = listOf([...project.roles.values()], query);
      return {
        details: list.details,
        result: list.items.map((role) => ({
          key: role.key,
          details: detailsOf(role, project.organizationId),
          displayName: role.displayName,
          group: role.group,
        })),
      };
    }),
    apiMethod(method.addProjectRole, (request, call) => {
      const project = projectOf(call, request.projectId);
      addRole(project, { ...request, key: request.roleKey });
      return { details: createdDetails(project, project.organizationId) };
    }),
    apiMethod(method.bulkAddProjectRoles, (request, call) => {
      const project = projectOf(call, request.projectId);
      for (const role of request.roles) addRole(project, role);
      return { details: changedDetails(project, project.organizationId) };
    }),
    apiMethod(method.addProjectGrant, (request, call) => {
      const project = projectOf(call, request.projectId);
      const grant = {
        ...dated(),
        id: newIdentifier(),
        projectId: project.id,
        organizationId: request.grantedOrgId,
        roles: [...request.roleKeys],
      };
      call.instance.world.projectGrants.set(grant.id, grant);
      return {
        grantId: grant.id,
        details: createdDetails(grant, project.organizationId),
      };
    }),
    apiMethod(method.listProjectGrants, ({ projectId, query }, call) => {
      const project = projectOf(call, projectId);
      const { projectGrants, organizations } = call.instance.world;
      const list = listOf(
        [...projectGrants.values()].filter((grant) =>
          grant.projectId === project.id
        ),
        query,
      );
      return {
        details: list.details,
        result: list.items.map((grant) => ({
          grantId: grant.id,
          grantedOrgId: grant.organizationId,
          grantedOrgName: organizations.get(grant.organizationId)?.name ?? "",
          grantedRoleKeys: grant.roles,
          projectId: project.id,
          projectName: project.name,
        })),
      };
    }),
    apiMethod(method.listGrantedProjects, ({ query }, call) => {
      const { instance, organization } = call;
      const { projectGrants, projects } = instance.world;
      const list = listOf(
        [...projectGrants.values()].filter((grant) =>
          grant.organizationId === organization.id
        ),
        query,
      );
      return {
        details: list.details,
        result: list.items.map((grant) => ({
          grantId: grant.id,
          grantedOrgId: organization.id,
          grantedRoleKeys: grant.roles,
          projectId: grant.projectId,
          projectName: projects.get(grant.projectId)?.name ?? "",
        })),
      };
    }),
  ];
}

function addRole(
  project: Project,
  { key, displayName, group }: {
    key: string;
    displayName: string;
    group: string;
  },
): void {
  if (project.roles.has(key)) throw alreadyExists("Role already exists");
  touch(project);
  const dates = dated(project.sequence);
  project.roles.set(key, { ...dates, key, displayName, group });
}

/** Finds a project that the organization owns or was granted. */
export function projectOf(
  { instance, organization }: Call,
  id: string,
): Project {
  const project = instance.world.projects.get(id);
  const isGranted = [...instance.world.projectGrants.values()].some((grant) =>
    grant.projectId === id && grant.organizationId === organization.id
  );
  if (!project || !isGranted && project.organizationId !== organization.id) {
    throw notFound("Project not found", "EVENT-NVO3c");
  }
  return project;
}
