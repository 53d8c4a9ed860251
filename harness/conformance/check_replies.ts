import { decodeJwt } from "jose";
import { roleScopes } from "../zitadel/login.ts";
import { bindTarget } from "./binding.ts";
import { readRecorded } from "./recording.ts";
import { requestToken } from "./tokens.ts";
import type { Check, Run } from "./check.ts";
import { shapeOf } from "./shape.ts";

interface Outcome {
  readonly claims?: Record<string, unknown>;
  readonly error?: string;
  readonly error_description?: string;
}

interface Row {
  readonly reply: string;
  readonly status?: number;
  readonly body?: string;
  readonly delay_ms?: number;
  readonly outcome: Outcome & { readonly status: number };
}

/** What the target answers where a reply redirects to. */
const REDIRECTED = {
  append_claims: [{ key: "permissions", value: ["posts:read"] }],
};
/** Claims of ZITADEL's own; targets added the others. */
const OWN =
  /^(?:aud|client_id|exp|iat|iss|jti|nbf|sub|urn:zitadel:iam:org:project:.+)$/;

/**
 * Sends each recorded reply while a service user asks for a token, with
 * interruptOnError off and on, and compares the outcome.
 */
export async function* checkReplies(run: Run): AsyncGenerator<Check> {
  for (const interruptOnError of [false, true]) {
    const name = `behaviour/replies_interrupt_${interruptOnError}`;
    const { rows } = await readRecorded<{ rows: Row[] }>(name);
    const options = { path: "replies", interruptOnError };
    await using _binding = await bindTarget(run, options);
    for (const row of rows) {
      const over = Promise.withResolvers<void>();
      using _reply = run.target.replyWith(({ path }) =>
        path === "/redirected"
          ? Response.json(REDIRECTED)
          : replyOf(row, over.promise)
      );
      yield {
        name: `${name}: ${row.reply}`,
        recorded: outcomeOf(row.outcome.status, row.outcome),
        look: () => askForToken(run),
      };
      over.resolve();
    }
  }
}

function replyOf(
  { status = 200, body, delay_ms: delay }: Row,
  over: Promise<void>,
): Response | Promise<Response> {
  // Slower than any timeout: it answers when the call is over.
  if (delay !== undefined) return over.then(() => new Response(body));
  if (status === 302) {
    return new Response(null, { status, headers: { location: "/redirected" } });
  }
  return new Response(status === 204 ? null : body, { status });
}

async function askForToken(run: Run): Promise<unknown> {
  const { status, body } = await requestToken(run.origin, {
    grant_type: "client_credentials",
    scope: roleScopes(run.id("project storefront")),
  }, run.serviceUser("ci-runner"));
  const { access_token: token } = body;
  return outcomeOf(status, token ? { claims: decodeJwt(token) } : body);
}

/** The claims of targets are compared exactly, ZITADEL's own by their shape. */
function outcomeOf(
  status: number,
  { claims, error, error_description: description }: Outcome,
): unknown {
  if (claims === undefined) return { status, error, description };
  const { own = [], added = [] } = Object.groupBy(
    Object.entries(claims),
    ([key]) => OWN.test(key) ? "own" : "added",
  );
  return {
    status,
    added: Object.fromEntries(added),
    own: shapeOf(Object.fromEntries(own)),
  };
}
