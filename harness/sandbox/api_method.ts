import {
  type DescMethodUnary,
  getOption,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { auth_option } from "@zitadel/proto/zitadel/options_pb.js";
import { options as v2Options } from "@zitadel/proto/zitadel/protoc_gen_zitadel/v2/options_pb.js";
import type { Instance } from "./instance.ts";
import type { Organization, User } from "./world.ts";

/** Who calls, and about which organization. */
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
  /** The permission that the caller needs in the organization. */
  readonly permission: string | undefined;
}

/**
 * Pairs a method's descriptor, which names path and permission, with its
 * implementation. With `anyCaller` the implementation decides by the caller's
 * rights.
 */
export function apiMethod<Method extends DescMethodUnary>(
  desc: Method,
  run: (
    request: MessageShape<Method["input"]>,
    call: Call,
  ) =>
    | MessageInitShape<Method["output"]>
    | Promise<MessageInitShape<Method["output"]>>,
  { anyCaller = false } = {},
): ApiMethod {
  const permission = getOption(desc, auth_option).permission ||
    getOption(desc, v2Options).authOption?.permission;
  return {
    desc,
    run: run as ApiMethod["run"],
    permission: anyCaller || permission === "authenticated" || permission === ""
      ? undefined
      : permission,
  };
}

/** ZITADEL's page size if the caller asks for none. */
const DEFAULT_LIMIT = 100;

interface Page {
  readonly offset: bigint;
  readonly limit: number;
}

/** Cuts the part out of a list that the caller asks for. */
export function pageOf<Item>(
  items: readonly Item[],
  page: Page | undefined,
): Item[] {
  const start = Number(page?.offset ?? 0n);
  return items.slice(start, start + (page?.limit || DEFAULT_LIMIT));
}

/** The number of entries on all pages. */
export function countOf(items: readonly unknown[]) {
  return { totalResult: BigInt(items.length) };
}

/** Lists a page as the v1 APIs do. */
export function listOf<Item, Message>(
  items: readonly Item[],
  page: Page | undefined,
  messageOf: (item: Item) => Message,
) {
  return {
    details: countOf(items),
    result: pageOf(items, page).map(messageOf),
  };
}
