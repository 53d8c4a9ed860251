import { Code, ConnectError } from "@connectrpc/connect";
import { networkCauseOf } from "./network_cause.ts";

/** A call that ZITADEL refused, with a message that says what to do. */
export class ZitadelError extends Error {
  constructor(message: string, readonly code: number, cause: unknown) {
    super(message, { cause });
    this.name = "ZitadelError";
  }
}

/** Runs a call; its failure becomes a ZitadelError. */
export async function attempt<T>(
  action: string,
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ZitadelError) throw error;
    const cause = ConnectError.from(error);
    throw new ZitadelError(
      `Cannot ${action}: ${reasonOf(cause)}`,
      cause.code,
      cause,
    );
  }
}

/**
 * Reports whether the release lacks the API; a missing permission looks
 * different.
 */
export function isUnimplemented(error: unknown): boolean {
  return error instanceof ZitadelError && error.code === Code.Unimplemented;
}

/** ZITADEL's messages that say more than the gRPC code, and what they mean. */
const KNOWN_TEXTS: readonly (readonly [RegExp, string])[] = [
  [
    /Target\.AlreadyExists/,
    "a target with that name already exists, and names are unique on the instance. Run the command again to update it, or choose another --name",
  ],
  [
    /Target\.DeniedURL/,
    "ZITADEL refuses the endpoint. Its host must resolve from where ZITADEL runs, and loopback addresses are refused by default, and private ones too since v4.15.2: the operator of a self-hosted instance can set ZITADEL_HTTPCLIENT_DENYLIST without the endpoint's subnet. To reach a laptop, use `deno task --tunnel dev` and the address it prints",
  ],
  [
    /Timeout: value must be inside range/,
    "ZITADEL accepts timeouts from 0s to 4m30s (270s). Choose a shorter --timeout; 10s is enough",
  ],
  [
    /Execution condition is invalid/,
    "this release does not know that function or event. Leave it out of --also; presamlresponse, preuserinfo and events exist since v3",
  ],
  [
    /Target not found/,
    "the target was deleted in the meantime. Run the command again",
  ],
  [
    /keys do not exist/,
    "a metadata key was removed in the meantime. Run the command again",
  ],
  [
    /membership not found/,
    "the token's user has no administrator role here. Give it IAM_OWNER (console: Default settings > Administrators), or use another ZITADEL_ADMIN_TOKEN",
  ],
];

function reasonOf(error: ConnectError): string {
  const { code, rawMessage } = error;
  const network = networkCauseOf(error);
  if (network) {
    return `the instance cannot be reached (${rawMessage}): ${network.seen}; ${network.fix}`;
  }
  for (const [text, meaning] of KNOWN_TEXTS) {
    if (text.test(rawMessage)) return meaning;
  }
  switch (code) {
    case Code.Unauthenticated:
      return "the token is not valid here: expired, revoked, of another instance, or issued without the scope urn:zitadel:iam:org:project:id:zitadel:aud. Use a personal access token of this instance";
    case Code.PermissionDenied:
      return "the token's user lacks the right. Targets and executions need IAM_OWNER (console: Default settings > Administrators), an organization's metadata needs ORG_OWNER there; or use another ZITADEL_ADMIN_TOKEN";
    case Code.Unimplemented:
      return "this release of ZITADEL has no such API; v3 and later are supported. If it is newer, check that ZITADEL_DOMAIN is the instance's address and not its login page or a proxy";
    case Code.DeadlineExceeded:
    // The client reports a signal that timed out as canceled.
    case Code.Canceled:
      return `ZITADEL did not answer in time (${rawMessage}). Try again; if it persists, check the instance's health (/debug/ready)`;
    case Code.Unavailable:
      return `ZITADEL is not available (${rawMessage}). Try again in a moment`;
    case Code.Unknown:
      return `the answer is not ZITADEL's (${rawMessage}). Check ZITADEL_DOMAIN, with http:// if the instance has no TLS, and that the instance is up (/debug/ready)`;
    case Code.Internal:
      return `ZITADEL failed (${rawMessage}). Its own log has the cause`;
    default:
      return `ZITADEL answered: ${rawMessage}`;
  }
}
