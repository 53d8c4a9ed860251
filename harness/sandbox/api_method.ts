import {
  type DescMethodUnary,
  getOption,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { http } from "@zitadel/proto/google/api/annotations_pb.js";
import { auth_option } from "@zitadel/proto/zitadel/options_pb.js";
import { options as v2Options } from "@zitadel/proto/zitadel/protoc_gen_zitadel/v2/options_pb.js";
import type { Instance } from "./instance.ts";
import type { Release } from "./release.ts";
import type { Organization, User } from "./world.ts";

export interface Call {
  readonly instance: Instance;
  readonly caller: User;
  /** `x-zitadel-orgid`, or the caller's own. */
  readonly organization: Organization;
}

/** A method of ZITADEL's API that the sandbox has. */
export interface ApiMethod {
  readonly desc: DescMethodUnary;
  readonly run: (request: never, call: Call) => unknown;
  /** The releases that have it; all if absent. */
  readonly releases?: readonly Release[] | undefined;
  /** The permission that the caller needs; absent for none. */
  readonly permission?: string | undefined;
}

export interface ApiMethodOptions {
  /** The releases that have it; all if absent. */
  readonly releases?: readonly Release[];
  /**
   * Accepts any caller; the method itself decides by the caller's rights.
   * Needed where a descriptor asks for a permission that only newer releases
   * check.
   */
  readonly anyCaller?: boolean;
}

/**
 * Pairs a method's descriptor, which names path and permission, with its
 * implementation.
 */
export function apiMethod<Method extends DescMethodUnary>(
  desc: Method,
  run: (
    request: MessageShape<Method["input"]>,
    call: Call,
  ) =>
    | MessageInitShape<Method["output"]>
    | Promise<MessageInitShape<Method["output"]>>,
  { releases, anyCaller = false }: ApiMethodOptions = {},
): ApiMethod {
  const permission = getOption(desc, auth_option).permission ||
    getOption(desc, v2Options).authOption?.permission;
  return {
    desc,
    run: run as ApiMethod["run"],
    releases,
    permission: anyCaller || permission === "authenticated" || permission === ""
      ? undefined
      : permission,
  };
}

export interface RestForm {
  readonly verb: string;
  /** Such as `/v2/organizations/{organization_id}/metadata/search`. */
  readonly path: string;
  readonly hasBody: boolean;
  readonly success: number;
}

/** Where the gateway mounts the services whose paths are relative. */
const PREFIXES: Readonly<Record<string, string>> = {
  "zitadel.management.v1.ManagementService": "/management/v1",
  "zitadel.admin.v1.AdminService": "/admin/v1",
  "zitadel.auth.v1.AuthService": "/auth/v1",
};

/**
 * Reads a method's REST form from its descriptor. v3 names the searches of
 * actions differently.
 */
export function restForm(
  { desc }: ApiMethod,
  release: Release,
): RestForm | undefined {
  const { pattern, body } = getOption(desc, http);
  if (typeof pattern.value !== "string") return undefined;
  const prefix = PREFIXES[desc.parent.typeName] ?? "";
  const path = prefix + pattern.value;
  return {
    verb: pattern.case!.toUpperCase(),
    path: release === "3.4" && path.startsWith("/v2beta/actions/")
      ? path.replace(/\/search$/, "/_search")
      : path,
    hasBody: body !== "",
    success: getOption(desc, v2Options).httpResponse?.successCode || 200,
  };
}
