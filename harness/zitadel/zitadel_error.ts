import { Code, ConnectError } from "@connectrpc/connect";

/** A call that an instance refused, in words that a person can act on. */
export class ZitadelError extends Error {
  readonly code: number;

  constructor(message: string, code: number, cause: unknown) {
    super(message, { cause });
    this.name = "ZitadelError";
    this.code = code;
  }
}

/** Runs a call and turns its failure into a sentence. */
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
 * Reports whether a call failed because this release has no such API, which is
 * never the same as a missing permission.
 */
export function isUnimplemented(error: unknown): boolean {
  return error instanceof ZitadelError && error.code === Code.Unimplemented;
}

/** Texts of ZITADEL that say more than the gRPC code, and what they mean. */
const KNOWN_TEXTS: readonly (readonly [RegExp, string])[] = [
  [
    /Target\.AlreadyExists/,
    "a target of that name exists already, and names are unique on the whole instance. Run the command again to update it, or choose another --name",
  ],
  [
    /Target\.DeniedURL/,
    "ZITADEL refuses the endpoint. Its host must resolve from where ZITADEL runs, and loopback and private addresses are refused unless the operator empties HTTPClient.DenyList. To reach a laptop, use `deno task --tunnel dev` and the address it prints",
  ],
  [
    /Timeout: value must be inside range/,
    "ZITADEL takes time-outs from 0s to 4m30s (270s). Choose a shorter --timeout; 10s is ample",
  ],
  [
    /Execution condition is invalid/,
    "this release does not know that function or event. Leave it out of --also; presamlresponse, preuserinfo and events are known from v3 on",
  ],
  [
    /Target not found/,
    "the target is gone, someone deleted it in the meantime. Run the command again",
  ],
  [
    /keys do not exist/,
    "a metadata key is gone, someone removed it in the meantime. Run the command again",
  ],
  [
    /membership not found/,
    "the token's user has no role here at all. Give it IAM_OWNER (console: Default settings > Administrators), or use another ZITADEL_ADMIN_TOKEN",
  ],
];

function reasonOf({ code, rawMessage }: ConnectError): string {
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
    // How the client reports a signal that timed out.
    case Code.Canceled:
      return `ZITADEL did not answer in time (${rawMessage}). Try again; if it stays so, look at the instance's health (/debug/ready)`;
    case Code.Unavailable:
      return `ZITADEL is not available (${rawMessage}). Try again in a moment`;
    case Code.Unknown:
      return `no answer that makes sense came back (${rawMessage}). Check ZITADEL_DOMAIN, with http:// if the instance has no TLS, and that the instance is up (/debug/ready)`;
    case Code.Internal:
      return `ZITADEL failed inside (${rawMessage}). Its own log has the cause`;
    default:
      return `ZITADEL says: ${rawMessage}`;
  }
}
