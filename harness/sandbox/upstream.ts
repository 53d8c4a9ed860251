/**
 * The sandbox's metadata service in this process, without a socket: what the
 * function asks ZITADEL.
 *
 * @module
 */
import { Code } from "@connectrpc/connect";
import type { MetadataApi } from "../../lib/zitadel/metadata_listing.ts";
import { createApi, pageNotFound, refusal } from "./api.ts";
import type { Instance } from "./instance.ts";
import { addOrganization, addPersonalToken, addUser } from "./populate.ts";
import { organizationMethods } from "./services/organizations.ts";
import { dated, emptyWorld, type Organization } from "./world.ts";

/** The origin that an upstream answers for. */
export const UPSTREAM_ORIGIN = "https://zitadel.example";

/** The only bearer token that it accepts. */
export const UPSTREAM_TOKEN = "token-of-the-service-user";

const KEYS_PATH = "/oauth/v2/keys";
const LISTING =
  /^\/(zitadel\.org\.(v2|v2beta)\.OrganizationService)\/(ListOrganizationMetadata)$/;

interface OrganizationData {
  /** Whether the service user may read it. */
  readonly readable: boolean;
  /** Values in base64, since they can be any bytes. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What an upstream answers from. */
export interface UpstreamData {
  readonly organizations: Readonly<Record<string, OrganizationData>>;
  /**
   * The newest metadata API of the release; it has the older ones too.
   *
   * @default "v2"
   */
  readonly api?: MetadataApi | undefined;
  /** The instance's public keys. */
  readonly jwks?: { readonly keys: readonly object[] } | undefined;
}

export type Upstream = ReturnType<typeof createUpstream>;

/** Creates an upstream that answers from the data as they are at each request. */
export function createUpstream(data: UpstreamData) {
  const asked = new Set<string>();
  const world = emptyWorld();
  const own = addOrganization(world, { name: "Of the reader" });
  const { id: organizationId } = own;
  const reader = { organizationId, userName: "reader", isMachine: true };
  const user = addUser(world, reader);
  addPersonalToken(world, user, { token: UPSTREAM_TOKEN });
  world.organizations.get = (id) => {
    if (id === own.id) return own;
    asked.add(id);
    const found = data.organizations[id];
    const isMember = world.members.some((it) => it.organizationId === id);
    if (found?.readable && !isMember) {
      const roles = ["ORG_OWNER_VIEWER"];
      world.members.push({ userId: user.id, organizationId: id, roles });
    }
    return found && organizationOf(id, found);
  };
  // Reading needs no more of an instance.
  const instance = { world, origin: UPSTREAM_ORIGIN } as Instance;
  const api = createApi(instance, organizationMethods);
  let requests = 0;
  return {
    fetch: async (
      input: RequestInfo | URL,
      init?: RequestInit,
    ): Promise<Response> => {
      const request = new Request(input, init);
      const { pathname } = new URL(request.url);
      requests++;
      if (pathname === KEYS_PATH && data.jwks) {
        asked.add(KEYS_PATH);
        return Response.json(data.jwks);
      }
      // A served one is asked at another address.
      const headers = new Headers(request.headers);
      for (const name of ["host", "x-zitadel-instance-host"]) {
        headers.delete(name);
      }
      return missingMethod(pathname, data.api) ??
        await api.fetch(new Request(request, { headers }));
    },
    get requests() {
      return requests;
    },
    /** What it could have answered, but was never asked for. */
    unused: () =>
      [...Object.keys(data.organizations), ...data.jwks ? [KEYS_PATH] : []]
        .filter((answer) => !asked.has(answer)),
  };
}

function organizationOf(
  id: string,
  { metadata }: OrganizationData,
): Organization {
  const dates = dated();
  const entries = Object.entries(metadata).map(([key, base64]) =>
    [key, {
      ...dates,
      // Most requests read one page of many entries.
      get value() {
        return Uint8Array.fromBase64(base64);
      },
    }] as const
  );
  const names = { name: `Organization ${id}`, primaryDomain: "" };
  return { ...dates, ...names, id, metadata: new Map(entries) };
}

/** The recorded answer to a method that an older release lacks; the token does not matter. */
function missingMethod(
  pathname: string,
  api: UpstreamData["api"] = "v2",
): Response | undefined {
  const [, service, version, method] = LISTING.exec(pathname) ?? [];
  if (version === undefined) return undefined;
  if (api === "management_v1") {
    return refusal(
      Code.Unimplemented,
      `unknown method ${method} for service ${service}`,
    );
  }
  return api === "v2beta" && version === "v2" ? pageNotFound() : undefined;
}
