/** What went wrong on the way to an instance, and what to do about it. */
export interface NetworkCause {
  readonly seen: string;
  readonly fix: string;
}

/** The words that Deno, and servers that expect https, have for each cause. */
const CAUSES: readonly (readonly [RegExp, NetworkCause])[] = [
  [/corrupt message of type InvalidContentType/, {
    seen: "it speaks http, not https",
    fix: "write http:// before the host in ZITADEL_DOMAIN",
  }],
  [/invalid HTTP version parsed/, {
    seen: "it does not speak http",
    fix: "write https:// before the host in ZITADEL_DOMAIN",
  }],
  [/expects https|a redirect to https:/, {
    seen: "it expects https, or a login page is in between",
    fix: "write https:// before the host in ZITADEL_DOMAIN",
  }],
  [/invalid peer certificate: (?:UnknownIssuer|.*\bCaUsedAsEndEntity\b)/, {
    seen: "its certificate is of an authority that is not trusted here",
    fix:
      "set DENO_CERT to a PEM file with the certificate of that authority, or DENO_TLS_CA_STORE=system if the system trusts it",
  }],
  [/invalid peer certificate/, {
    seen: "its certificate is not valid",
    fix:
      "check that the certificate is current and issued for the host in ZITADEL_DOMAIN",
  }],
  [/failed to lookup address/, {
    seen: "its host name cannot be resolved",
    fix: "check the host name in ZITADEL_DOMAIN, and the DNS",
  }],
];

/** Finds the cause of a failed request in the texts of its error; `undefined` if they say no more than that it failed. */
export function networkCauseOf(thrown: unknown): NetworkCause | undefined {
  const texts: string[] = [];
  for (let error = thrown; error instanceof Error; error = error.cause) {
    texts.push(error.message);
  }
  const text = texts.join("\n");
  return CAUSES.find(([pattern]) => pattern.test(text))?.[1];
}
