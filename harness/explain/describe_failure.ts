import type { ErrorCode } from "../../lib/errors.ts";
import type { Binding } from "../zitadel/binding.ts";
import type { Exchange } from "./token_question.ts";

/** A call of a target, and what came of it. */
export type TargetCall = Pick<
  Exchange,
  "condition" | "target" | "reply" | "error"
>;

/** What each code means, and what to do about it if the log does not say. */
const CODES: Readonly<Record<ErrorCode, readonly [string, string]>> = {
  invalid_signature: [
    "It does not know the key that this target signs with, or its clock differs by more than 5 minutes",
    "Set AUTHORIZATION_SIGNING_KEY to the target's signing key: deno task setup writes it, deno task rotate replaces it",
  ],
  invalid_payload: [
    "It cannot read what ZITADEL sent",
    "Check the target's payload type, and PAYLOAD_PRIVATE_KEY if it is encrypted",
  ],
  not_found: [
    "It answers at / only",
    "Set the target's endpoint to its address without a path: deno task setup --endpoint URL",
  ],
  method_not_allowed: [
    "It was not asked by POST: a proxy changed the request or redirected it",
    "Set the target's endpoint to the function's own address",
  ],
  payload_too_large: [
    "The payload is over 10 MiB",
    "Remove large metadata of the user, which ZITADEL sends with each call",
  ],
  internal_error: [
    "It has a bug",
    "Report it with the lines of its log",
  ],
  upstream_failed: [
    "It could not read the mapping from ZITADEL, or an action set its claim before it",
    "Its log has the reason; deno task doctor finds the usual ones",
  ],
  overloaded: [
    "Too many requests arrived at once",
    "Try again; if that repeats, run more of it",
  ],
  upstream_timeout: [
    "ZITADEL did not give it the mapping within UPSTREAM_TIMEOUT_MS",
    "Check that it reaches ZITADEL: deno task doctor",
  ],
};

/** Reports whether a target's answer counts as a failure. */
export function isFailed({ reply }: TargetCall): boolean {
  return reply === undefined || reply.status < 200 || reply.status > 299;
}

/** Describes a failed call: which endpoint, what it answered, why, what to do, and what ZITADEL made of it. */
export function describeFailure(
  { reply, error, target, condition }: TargetCall,
  { failure, binding, isLogin }: {
    /** The function's last log line about a failure, if it can be seen. */
    readonly failure: Readonly<Record<string, unknown>> | undefined;
    /** What is bound; `undefined` if that cannot be seen. */
    readonly binding: readonly Binding[] | undefined;
    /** Whether no token was issued. */
    readonly isLogin: boolean;
  },
): { readonly title: string; readonly text: string } {
  const code = codeOf(reply?.body);
  const bound = binding?.find((it) =>
    it.condition === condition && it.endpoint === target.endpoint
  );
  const effect = isLogin
    ? "The target interrupts on errors (interruptOnError), so ZITADEL issued no token."
    : bound?.interruptOnError
    ? "The target interrupts on errors now; when this token was issued it did not."
    : "The target does not interrupt on errors (interruptOnError), so ZITADEL issued the token without permissions.";
  const isSame = code !== undefined && failure?.["status"] === reply?.status;
  const [cause, remedy] = isSame
    ? [failure?.["message"], failure?.["remedy"] ?? CODES[code][1]]
    : code
    ? CODES[code]
    : reply
    ? [
      "This is not how the function answers: something else is at this address",
      "Set the target's endpoint to the function's: deno task setup --endpoint URL",
    ]
    : [
      `ZITADEL got no answer: ${error}`,
      "Check that the function runs and that ZITADEL reaches this address: deno task doctor",
    ];
  const reason = isSame && failure?.["reason"];
  return {
    title: reply
      ? `The function at ${target.endpoint} answered ${reply.status}${
        code ? ` ${code}` : ""
      }${reason ? ` (${reason})` : ""}`
      : `The function at ${target.endpoint} did not answer`,
    text: `${cause}. ${remedy}. ${effect}`,
  };
}

function codeOf(body: string | undefined): ErrorCode | undefined {
  try {
    const { error } = JSON.parse(body ?? "");
    return Object.hasOwn(CODES, error) ? error : undefined;
  } catch {
    return undefined;
  }
}
