import { tint } from "../cli/terminal.ts";
import type { DemoAnswer, DemoEvent, DemoLogin } from "./demo_event.ts";
import { formatToken } from "./format_token.ts";

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

/** Formats an event in lines of at most 80 columns. */
export function formatEvent(event: DemoEvent): string[] {
  switch (event.kind) {
    case "step":
      return ["", tint("strong", event.label.padEnd(INDENT) + event.title)];
    case "line":
      return indent(event.text, INDENT);
    case "change": {
      const [first, ...rest] = indent(event.text, INDENT + 2);
      const sign = tint("good", event.sign);
      return [" ".repeat(INDENT) + sign + first!.slice(INDENT + 1), ...rest];
    }
    case "login":
      return formatLogin(event.login);
    case "tokens":
      return event.logins.flatMap(formatTokenOf);
    case "answer":
      return formatAnswer(event.answer);
  }
}

function formatLogin({ user, flow, exchange }: DemoLogin): string[] {
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
function formatTokenOf(
  { user, claims, sources }: DemoLogin,
  index: number,
): string[] {
  const margin = " ".repeat(INDENT);
  if (index === 0) {
    return [
      "",
      margin +
      tint("strong", `The access token of ${user}, its signature verified`),
      ...formatToken(claims, sources).map((line) => margin + line),
    ];
  }
  const permissions = sources.map(({ permission, roles }) =>
    `${tint("good", `"${permission}"`)}  ${
      tint("faint", `// ${roles.join(", ")}`)
    }`
  );
  return [`${margin}That of ${user} permits ${permissions.join(", ")}`];
}

function formatAnswer(
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

/** Breaks a text at spaces, and indents it. */
function indent(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line && columns + line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = word;
    } else {
      line = line ? `${line} ${word}` : word;
    }
  }
  return [...lines, line].map((it) => " ".repeat(columns) + it);
}
