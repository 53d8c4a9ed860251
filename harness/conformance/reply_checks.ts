import { roleScopes } from "../zitadel/login.ts";
import { bindTarget } from "./binding.ts";
import { type CheckContext, compare, type Finding } from "./checks.ts";
import { readRecorded } from "./recording.ts";
import { shapeOf } from "./shape.ts";
import { partsOf } from "./tokens.ts";

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

/** Claims of ZITADEL's own; targets added the others. */
const OWN =
  /^(?:aud|client_id|exp|iat|iss|jti|nbf|sub|urn:zitadel:iam:org:project:.+)$/;
const MANY_PERMISSIONS = 1000;

/**
 * Sends each recorded reply while a service user asks for a token, with
 * interruptOnError off and on, and compares the outcome.
 */
export async function* replyChecks(
  context: CheckContext,
): AsyncGenerator<Finding> {
  const { subject, scenario, target } = context;
  for (const interruptOnError of [false, true]) {
    const name = `behaviour/replies_interrupt_${interruptOnError}`;
    const { rows } = await readRecorded<{ rows: Row[] }>(name);
    await using _binding = await bindTarget(subject, {
      name: `replies ${interruptOnError} ${scenario.suffix}`,
      endpoint: `${target.origin}/replies`,
      condition: "function/preaccesstoken",
      interruptOnError,
    });
    for (const row of rows) {
      const over = Promise.withResolvers<void>();
      using _reply = target.replyWith(({ path }) =>
        path === "/redirected"
          ? Response.json(permissions(["posts:read"]))
          : replyOf(row, over.promise)
      );
      yield await compare(
        `${name}: ${row.reply}`,
        outcomeOf(row.outcome.status, row.outcome),
        () => tokenOutcome(context),
      );
      over.resolve();
    }
  }
}

function replyOf(
  { reply, status = 200, body, delay_ms: delay }: Row,
  over: Promise<void>,
): Response | Promise<Response> {
  // Slower than any timeout: it answers when the call is over.
  if (delay !== undefined) return over.then(() => new Response(body));
  if (status === 302) {
    return new Response(null, { status, headers: { location: "/redirected" } });
  }
  if (reply.startsWith(`${MANY_PERMISSIONS} permissions`)) {
    const many = Array.from(
      { length: MANY_PERMISSIONS },
      (_, index) => `permission:${index}`.padEnd(40, "x"),
    );
    return Response.json(permissions(many));
  }
  return new Response(status === 204 ? null : body, { status });
}

function permissions(value: readonly string[]) {
  return { append_claims: [{ key: "permissions", value }] };
}

async function tokenOutcome(
  { subject, scenario }: CheckContext,
): Promise<unknown> {
  const { clientId, clientSecret } = scenario.serviceUser("machine");
  const response = await fetch(`${subject.origin}/oauth/v2/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
    body: new URLSearchParams({
      grant_type: "client_credentials",
      scope: roleScopes(scenario.id("project storefront")),
    }),
  });
  const answer = await response.json();
  if (!response.ok) return outcomeOf(response.status, answer);
  const claims = partsOf(answer.access_token)[1]!;
  const list = claims["permissions"];
  return outcomeOf(response.status, {
    claims: Array.isArray(list) && list.length === MANY_PERMISSIONS
      ? { permissions_count: list.length }
      : claims,
  });
}

/** The claims of targets are compared exactly, ZITADEL's own by their shape. */
function outcomeOf(
  status: number,
  { claims, error, error_description: description }: Outcome,
): unknown {
  if (claims === undefined) return { status, error, description };
  const { token_bytes: _, ...compared } = claims;
  const { own = [], added = [] } = Object.groupBy(
    Object.entries(compared),
    ([key]) => OWN.test(key) ? "own" : "added",
  );
  return {
    status,
    added: Object.fromEntries(added),
    ...!("permissions_count" in claims) && {
      own: shapeOf(Object.fromEntries(own)),
    },
  };
}
