/**
 * Requests at an address that is not the instance's domain. ZITADEL finds the
 * instance by the host, or by `x-zitadel-instance-host` if the request has it.
 *
 * @module
 */
import type { Instance } from "./instance.ts";

const HINT =
  "Instance not found. Make sure you got the domain right. Check out https://zitadel.com/docs/apis/introduction#domains";

/** Returns ZITADEL's message if the host is not the instance's domain. */
export function unknownInstance(
  { origin }: Pick<Instance, "origin">,
  headers: Headers,
): string | undefined {
  const host = headers.get("x-zitadel-instance-host") ?? headers.get("host");
  const { hostname } = new URL(origin);
  if (host === null || URL.parse(`http://${host}`)?.hostname === hostname) {
    return undefined;
  }
  return `unable to set instance using origin &{${host}  http} (ExternalDomain is ${hostname}): ID=QUERY-1kIjX Message=${HINT}`;
}
