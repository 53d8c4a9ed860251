import { timestampNow } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { ProjectService as ProjectV2beta } from "@zitadel/proto/zitadel/project/v2beta/project_service_pb.js";
import type { MessageShape } from "@bufbuild/protobuf";
import {
  alreadyExists,
  apiError,
  noPermission,
  notFound,
} from "../api_error.ts";
import { type ApiMethod, apiMethod, type Call } from "../api_method.ts";
import { dated } from "../dated.ts";
import { deriveV2, renameField } from "../derive_v2.ts";
import { newIdentifier } from "../identifier.ts";
import { hasPermission, isMember } from "../permissions.ts";

/** The published descriptors have no v2, which renames `id` in JSON. */
const ProjectV2 = deriveV2(ProjectV2beta, (file) => {
  for (const message of ["CreateProjectRequest", "CreateProjectResponse"]) {
    renameField(file, message, ["id", "project_id"]);
  }
});

type Request = MessageShape<typeof ProjectV2beta.method.createProject.input>;

const MAX_ID_LENGTH = 200;

/**
 * The part of the project services that v1 lacks: projects with chosen ids, of
 * any characters.
 */
export function projectMethods(): ApiMethod[] {
  return [ProjectV2beta, ProjectV2].map(({ method }) =>
    apiMethod(method.createProject, createProject, {
      releases: ["4.6", "current"],
      anyCaller: true,
    })
  );
}

function createProject(request: Request, { instance, caller }: Call) {
  const { world } = instance;
  const { organizationId, name } = request;
  // v2 uses another name, which the derived descriptor's type does not show.
  const chosen = request.id ?? (request as { projectId?: string }).projectId;
  checkLength("OrganizationId", organizationId);
  if (chosen !== undefined) checkLength("ProjectId", chosen);
  checkLength("Name", name);
  const permission = "project.create";
  if (!isMember(world, caller, organizationId)) {
    throw notFound("membership not found", "AUTHZ-cdgFk");
  }
  if (!hasPermission(world, caller, { permission, organizationId })) {
    throw noPermission("AUTH-5mWD2");
  }
  const id = chosen ?? newIdentifier();
  const existing = world.projects.get(id);
  if (existing?.organizationId === organizationId) {
    throw apiError(Code.AlreadyExists, "Errors.Project.AlreadyExisting", {
      id: "COMMAND-opamwu",
    });
  }
  for (const project of world.projects.values()) {
    if (project.organizationId === organizationId && project.name === name) {
      throw alreadyExists("Project already exists on organization");
    }
  }
  // ZITADEL accepts an id that another organization uses, but the project stays
  // the other's.
  if (!existing) {
    world.projects.set(id, {
      ...dated(),
      id,
      organizationId,
      name,
      roleAssertion: request.projectRoleAssertion,
      roles: new Map(),
    });
  }
  return { id, projectId: id, creationDate: timestampNow() };
}

function checkLength(field: string, value: string): void {
  const length = [...value].length;
  if (length < 1 || length > MAX_ID_LENGTH) {
    throw new ConnectError(
      `invalid CreateProjectRequest.${field}: value length must be between 1 and ${MAX_ID_LENGTH} runes, inclusive`,
      Code.InvalidArgument,
    );
  }
}
