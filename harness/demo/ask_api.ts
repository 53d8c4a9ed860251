import { tint } from "../cli/terminal.ts";
import { freePort } from "../util/free_port.ts";
import { startHonoApi } from "./api_process.ts";
import { INDENT, indent } from "./format_demo.ts";
import type { DemoLogin } from "./log_in.ts";
import type { Stage } from "./stage.ts";

/** What the example API serves, and the permission that each needs. */
export const ROUTES = [
  { method: "GET", path: "/posts", permission: "posts:read" },
  { method: "DELETE", path: "/posts", permission: "delete:all" },
] as const;

type Route = typeof ROUTES[number];

/** Widths of the columns of an answer. */
const USER_WIDTH = 14;
const REQUEST_WIDTH = 15;

/**
 * Starts the example API and sends it a request without a token, then each
 * request with each user's token.
 *
 * @throws {Error} If the API does not start, or decides otherwise than the
 * token's permissions.
 */
export async function askApi(
  stage: Stage,
  logins: readonly DemoLogin[],
) {
  const port = String(freePort());
  stage.step(
    "API",
    `examples/api/hono.ts at http://127.0.0.1:${port}/, a process of its own`,
  );
  await using api = await startHonoApi({
    ISSUER: stage.sandbox.origin,
    AUDIENCE: stage.project.id,
    APPLICATIONS: logins.map(({ claims }) => claims["client_id"]).join(","),
    PORT: port,
  });
  stage.say(
    "It fetches ZITADEL's public keys, and reaches nothing else. It checks signature, issuer, audience, application and kind of the token, then the permission.",
  );
  const answers: Awaited<ReturnType<typeof send>>[] = [];
  const ask = async (route: Route, login?: DemoLogin) => {
    const answer = await send(api.origin, route, login);
    answers.push(answer);
    stage.print(formatAnswer(answer));
  };
  await ask(ROUTES[0]);
  for (const login of logins) {
    for (const route of ROUTES) await ask(route, login);
  }
  return answers;
}

async function send(
  origin: string,
  { method, path, permission }: Route,
  login: DemoLogin | undefined,
) {
  const response = await fetch(origin + path, {
    method,
    headers: login ? { authorization: `Bearer ${login.accessToken}` } : {},
  });
  const text = await response.text();
  const reason = response.ok
    ? `${permission} is in the token`
    : String(JSON.parse(text).message);
  const answer = {
    user: login?.user,
    request: `${method} ${path}`,
    status: response.status,
    reason,
    challenge: response.headers.get("www-authenticate") ?? undefined,
  };
  const isPermitted = login?.sources.some((it) => it.permission === permission);
  const expected = !login ? 401 : isPermitted ? 200 : 403;
  if (answer.status === expected) return answer;
  throw new Error(
    `The API answered ${answer.request} of ${
      login?.user ?? "a caller without a token"
    } with ${answer.status} instead of ${expected}: ${reason}`,
  );
}

function formatAnswer(
  { user = "no token", request, status, reason, challenge }: Awaited<
    ReturnType<typeof send>
  >,
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
