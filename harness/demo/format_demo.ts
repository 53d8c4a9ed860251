import { wrap } from "../cli/help.ts";
import { tint } from "../cli/terminal.ts";
import type { Exchange } from "../sandbox/sandbox.ts";
import { formatToken, type PermissionSource } from "./format_token.ts";

/** A token, and how it came about. */
export interface DemoLogin {
  readonly user: string;
  readonly flow: string;
  readonly accessToken: string;
  /** Its claims; the signature was checked against the instance's keys. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly sources: readonly PermissionSource[];
  /** ZITADEL's call of the function, and the answer. */
  readonly exchange: Exchange;
}

/** A request to the example API, and its answer. */
export interface DemoAnswer {
  /** Whose token was sent; `undefined` if none was. */
  readonly user: string | undefined;
  /** Such as `GET /posts`. */
  readonly request: string;
  readonly status: number;
  /** Why the API accepted or refused the request. */
  readonly reason: string;
  /** The `WWW-Authenticate` header of a refusal. */
  readonly challenge: string | undefined;
}

/** What is shown of a call; ZITADEL sends much more. */
interface Call {
  readonly function: string;
  readonly user_grants?: readonly {
    readonly project_name: string;
    readonly roles?: readonly string[];
  }[];
}

/** The column where the text of a step begins. */
const INDENT = 8;
/** The column where the content of a call begins. */
const CALL_INDENT = 25;
const COLUMNS = 80;
/** How much of a signature is shown, in characters. */
const SIGNATURE_LENGTH = 32;
/** Widths of the columns of an answer. */
const USER_WIDTH = 14;
const REQUEST_WIDTH = 15;

/** Formats the beginning of a step. */
export function formatStep(label: string, title: string): string[] {
  return ["", tint("strong", label.padEnd(INDENT) + title)];
}

export function formatText(text: string): string[] {
  return indent(text, INDENT);
}

export function formatChange(sign: string, text: string): string[] {
  const [first = "", ...rest] = indent(text, INDENT + 2);
  return [
    " ".repeat(INDENT) + tint("good", sign) + first.slice(INDENT + 1),
    ...rest,
  ];
}

/** Formats ZITADEL's call of the function for a login, and the answer. */
export function formatLogin({ user, flow, exchange }: DemoLogin): string[] {
  const { request, reply, error, ms } = exchange;
  const call = request.payload as Call;
  const grants = (call.user_grants ?? []).map(({ project_name, roles }) =>
    `${project_name}: ${roles?.join(", ")}`
  );
  const signature = request.headers["zitadel-signature"] ?? "";
  const spoken = (who: string, texts: string[]) => {
    const lines = texts.flatMap((text) => indent(text, CALL_INDENT));
    const label = " ".repeat(INDENT + 2) + who;
    lines[0] = label.padEnd(CALL_INDENT) + lines[0]!.slice(CALL_INDENT);
    return lines;
  };
  return [
    ...indent(tint("strong", `${user}, by ${flow}`), INDENT),
    ...spoken("ZITADEL sends", [
      `ZITADEL-Signature: ${signature.slice(0, SIGNATURE_LENGTH)}...`,
      call.function,
      ...grants,
    ]),
    ...spoken("the answer", [
      `${error ?? reply?.status}, after ${Math.round(ms)} ms`,
      (reply?.body ?? "").replaceAll('","', '", "'),
    ]),
  ];
}

/** The first token in full; of the others, the permissions. */
export function formatTokens([first, ...others]: DemoLogin[]): string[] {
  const margin = " ".repeat(INDENT);
  return [
    "",
    margin +
    tint(
      "strong",
      `The access token of ${first!.user}, its signature verified`,
    ),
    ...formatToken(first!.claims, first!.sources).map((line) => margin + line),
    ...others.map(({ user, sources }) => {
      const permissions = sources.map(({ permission, roles }) =>
        `${tint("good", `"${permission}"`)}  ${
          tint("faint", `// ${roles.join(", ")}`)
        }`
      );
      return `${margin}That of ${user} permits ${permissions.join(", ")}`;
    }),
  ];
}

export function formatAnswer(
  { user = "no token", request, status, reason, challenge }: DemoAnswer,
): string[] {
  const tone = status < 400 ? "good" : "bad";
  const row = user.padEnd(USER_WIDTH) + request.padEnd(REQUEST_WIDTH) +
    `${tint(tone, String(status))}  ${reason}`;
  const header = challenge ? `WWW-Authenticate: ${challenge}` : "";
  return [
    " ".repeat(INDENT) + row,
    ...header
      ? indent(header, INDENT + USER_WIDTH).map((line) => tint("faint", line))
      : [],
  ];
}

function indent(text: string, columns: number): string[] {
  return wrap(text, COLUMNS - columns).map((it) => " ".repeat(columns) + it);
}
