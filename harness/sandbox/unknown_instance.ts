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
  { origin, release }: Instance,
  headers: Headers,
): string | undefined {
  const host = headers.get("x-zitadel-instance-host") ?? headers.get("host");
  const { hostname } = new URL(origin);
  const asked = URL.parse(`http://${host}`)?.hostname;
  if (host === null || asked === hostname) return undefined;
  const kind = release === "current" ? "Instance" : "IAM";
  return `${
    messageForText(host, hostname)
  } Parent=(unable to get instance by domain: instanceDomain ${asked}, publicHostname ${asked}: ID=QUERY-1kIjX Message=Errors.${kind}.NotFound)`;
}

/** The answer of the OpenID Connect and OAuth endpoints. */
export function unknownInstancePage(
  instance: Instance,
  headers: Headers,
): Response | undefined {
  const message = unknownInstance(instance, headers);
  if (message === undefined) return undefined;
  return new Response(`${message.replace(/ Parent=.*/, "")}\n`, {
    status: 404,
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}

function messageForText(host: string, domain: string): string {
  return `unable to set instance using origin &{${host}  http} (ExternalDomain is ${domain}): ID=QUERY-1kIjX Message=${HINT}`;
}
