import {
  type DescMethodUnary,
  type DescService,
  getOption,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { auth_option } from "@zitadel/proto/zitadel/options_pb.js";
import { options as v2Options } from "@zitadel/proto/zitadel/protoc_gen_zitadel/v2/options_pb.js";
import type { Instance } from "./instance.ts";
import type { Organization, User, World } from "./world.ts";

/** Who calls, and about which organization. */
export interface Call {
  readonly instance: Instance;
  readonly world: World;
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

type Methods<Service extends DescService> = {
  readonly [Name in keyof Service["method"]]?: (
    request: MessageShape<Service["method"][Name]["input"]>,
    call: Call,
  ) =>
    | MessageInitShape<Service["method"][Name]["output"]>
    | Promise<MessageInitShape<Service["method"][Name]["output"]>>;
};

/** These decide themselves by the caller's rights, since they are not refused but empty. */
const UNCHECKED = /OrganizationMetadata$/;

/**
 * Pairs a service's descriptors, which name paths and permissions, with
 * implementations.
 */
export function methodsOf<Service extends DescService>(
  { method }: Service,
  implementations: Methods<Service>,
): ApiMethod[] {
  return Object.entries(implementations).map(([name, run]) => {
    const desc = method[name] as DescMethodUnary;
    const permission = getOption(desc, auth_option).permission ||
      getOption(desc, v2Options).authOption?.permission;
    const isChecked = permission && permission !== "authenticated" &&
      !UNCHECKED.test(desc.name);
    return {
      desc,
      run: run as ApiMethod["run"],
      permission: isChecked ? permission : undefined,
    };
  });
}

/** ZITADEL's page size if the caller asks for none. */
const DEFAULT_LIMIT = 100;

/** What lists are asked for; `T` is as the API at hand calls it. */
interface Page {
  readonly offset: bigint;
  readonly limit: number;
}

/** Cuts the part out of a list that the caller asks for, and counts all of it. */
export function pageOf<Item>(
  items: Iterable<Item>,
  page: Page | undefined,
): { total: { totalResult: bigint }; page: Item[] } {
  const all = [...items];
  const start = Number(page?.offset ?? 0n);
  return {
    total: { totalResult: BigInt(all.length) },
    page: all.slice(start, start + (page?.limit || DEFAULT_LIMIT)),
  };
}

/** Lists a page as the v1 APIs do. */
export function listOf<Item, Message>(
  items: Iterable<Item>,
  query: Page | undefined,
  messageOf: (item: Item) => Message,
) {
  const { total, page } = pageOf(items, query);
  return { details: total, result: page.map(messageOf) };
}
