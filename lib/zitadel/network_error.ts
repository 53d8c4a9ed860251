import type { ZitadelConnection } from "./connection.ts";
import { addressSetting, UpstreamFault } from "./upstream_error.ts";

/** What went wrong, by the words that Deno's network errors have for it. */
const CAUSES: readonly {
  readonly pattern: RegExp;
  readonly seen: string;
  readonly remedy: (baseUrl: string, setting: string) => string;
}[] = [
  {
    pattern: /corrupt message of type InvalidContentType/,
    seen: "speaks http, not https",
    remedy: (baseUrl, setting) =>
      `It speaks http; write ${
        baseUrl.replace("https:", "http:")
      } in ${setting}`,
  },
  {
    pattern: /invalid HTTP version parsed/,
    seen: "does not speak http",
    remedy: (baseUrl, setting) =>
      `It may speak https; write ${
        baseUrl.replace("http:", "https:")
      } in ${setting}`,
  },
  {
    pattern:
      /invalid peer certificate: (?:UnknownIssuer|.*\bCaUsedAsEndEntity\b)/,
    seen: "has a certificate of an authority that is not trusted here",
    remedy: () =>
      "Set DENO_CERT to a PEM file with the certificate of that authority, or DENO_TLS_CA_STORE=system if the system trusts it",
  },
  {
    pattern: /invalid peer certificate/,
    seen: "has a certificate that is not valid",
    remedy: (_, setting) =>
      `Check that the certificate is current and issued for the host in ${setting}`,
  },
  {
    pattern: /failed to lookup address/,
    seen: "has no address: the host name cannot be resolved",
    remedy: (_, setting) => `Check the host name in ${setting}, and the DNS`,
  },
];

/**
 * Names the cause of a request without an answer. Nothing of the error's text
 * is quoted: it may hold what must not be logged.
 *
 * @param cause What `fetch` threw.
 * @param connection The connection.
 * @returns The fault.
 */
export function networkFault(
  cause: unknown,
  connection: Pick<ZitadelConnection, "baseUrl" | "instanceHost">,
): UpstreamFault {
  const texts: string[] = [];
  for (let error = cause; error instanceof Error; error = error.cause) {
    texts.push(error.message);
  }
  const found = CAUSES.find(({ pattern }) => pattern.test(texts.join("\n")));
  return new UpstreamFault("unreachable", found?.seen ?? "cannot be reached", {
    cause,
    remedy: found?.remedy(connection.baseUrl, addressSetting(connection)),
  });
}
