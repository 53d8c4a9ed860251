/**
 * Connects to an instance by gRPC-web, the only protocol that every release
 * since v3 supports.
 *
 * @module
 */
import type { DescService } from "@bufbuild/protobuf";
import {
  type CallOptions,
  type Client,
  Code,
  ConnectError,
  createContextKey,
  createContextValues,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import { SettingsError } from "../cli/errors.ts";
import { noteProxy } from "../util/proxy.ts";
import { attempt } from "./zitadel_error.ts";
import { createClientFor } from "@zitadel/client";
import { createClientTransport } from "@zitadel/client/web";

/** The deadline of an administrative call, in milliseconds. */
export const TIMEOUT_MS = 15_000;

export interface ServiceOptions {
  /** The organization that the call is about, for the management API. */
  readonly organization?: string;
  /**
   * The service's name if it is not the descriptor's:
   * `zitadel.org.v2.OrganizationService` has the same wire format as v2beta.
   */
  readonly name?: string;
}

/** An instance, and the token to call it with. */
export interface Instance {
  /** Scheme and host, without a trailing slash. */
  readonly origin: string;
  /** A bearer token: a personal access token or a service user's. */
  readonly token: string;
  /** Creates the client of one of its services. */
  service<T extends DescService>(
    service: T,
    options?: ServiceOptions,
  ): Client<T>;
}

/**
 * Names the instance and the token to call it with. Sends nothing yet.
 *
 * @example
 * ```ts
 * import { connect } from "./client.ts";
 * import { listTargets } from "./target.ts";
 *
 * const instance = connect("http://localhost:8080", "token");
 * console.table(await listTargets(instance));
 * ```
 */
export function connect(domain: string, token: string): Instance {
  const origin = originOf(domain);
  return {
    origin,
    token,
    service(service, options = {}) {
      const { name = service.typeName, organization } = options;
      const address: Interceptor = (next) => (request) => {
        const url = request.url.replace(`/${service.typeName}/`, `/${name}/`);
        if (organization) request.header.set("x-zitadel-orgid", organization);
        return next({ ...request, url });
      };
      const transport = createClientTransport(token, {
        baseUrl: origin,
        defaultTimeoutMs: TIMEOUT_MS,
        interceptors: [nameAddress(origin), address],
      });
      return createClientFor(service)(explained(transport));
    },
  };
}

const ACTION = createContextKey("");

/** The options of a call whose failure is to read "Cannot <action>: ...". */
export function to(action: string): CallOptions {
  return { contextValues: createContextValues().set(ACTION, action) };
}

function explained({ unary, stream }: Transport): Transport {
  return {
    stream,
    unary: (method, signal, timeoutMs, header, input, values) => {
      const call = () =>
        unary(method, signal, timeoutMs, header, input, values);
      const action = values?.get(ACTION);
      return action ? attempt(action, call) : call();
    },
  };
}

/** Calls an API whose descriptor is not published. */
export function postJson(
  { origin, token }: Pick<Instance, "origin" | "token">,
  path: string,
  body: unknown = {},
): Promise<Response> {
  return fetch(origin + path, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(body),
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
}

/** Failures of the way to the instance, about which it said nothing itself. */
const UNANSWERED: ReadonlySet<Code> = new Set([
  Code.Unavailable,
  Code.Unknown,
  Code.DeadlineExceeded,
]);

/** Adds the address that was tried to the error of a call without an answer. */
function nameAddress(origin: string): Interceptor {
  return (next) => async (request) => {
    try {
      return await next(request);
    } catch (error) {
      const { code, rawMessage, metadata } = ConnectError.from(error);
      if (!UNANSWERED.has(code)) throw error;
      throw new ConnectError(
        `${rawMessage}, asked at ${origin}${noteProxy(origin)}`,
        code,
        metadata,
        undefined,
        error,
      );
    }
  };
}

/** Returns the origin of a host or an origin: `https` if no scheme is given. */
export function originOf(domain: string): string {
  const url = URL.parse(
    /^https?:\/\//.test(domain) ? domain : `https://${domain}`,
  );
  if (!url?.hostname) {
    throw new SettingsError(
      `Cannot read the instance's address "${domain}": expected a host such as my-instance.zitadel.cloud`,
    );
  }
  return url.origin;
}
