import type { ApiMethod } from "../api_method.ts";
import { actionMethods } from "./action.ts";
import { type FinishLogin, loginMethods } from "./login.ts";
import { managementAppMethods } from "./management_app.ts";
import { managementGrantMethods } from "./management_grant.ts";
import { managementOrganizationMethods } from "./management_organization.ts";
import { managementProjectMethods } from "./management_project.ts";
import { managementUserMethods } from "./management_user.ts";
import { organizationMethods } from "./organization.ts";
import { projectMethods } from "./project.ts";
import { userMethods } from "./user.ts";

/** All methods of ZITADEL's API that the sandbox has. */
export function apiMethods(finishLogin: FinishLogin): ApiMethod[] {
  return [
    ...organizationMethods(),
    ...actionMethods(),
    ...managementOrganizationMethods(),
    ...managementProjectMethods(),
    ...managementAppMethods(),
    ...managementUserMethods(),
    ...managementGrantMethods(),
    ...projectMethods(),
    ...userMethods(),
    ...loginMethods(finishLogin),
  ];
}
