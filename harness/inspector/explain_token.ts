import { z } from "zod";
import { FunctionError } from "../../lib/errors.ts";
import { parseRoleMapping } from "../../lib/mapping/role_mapping.ts";
import {
  type FunctionCall,
  isEvent,
  parsePayload,
} from "../../lib/request/payload.ts";
import { describeFailure, isFailed } from "../explain/describe_failure.ts";
import { explainCall, type ExplainRules } from "../explain/explain.ts";
import type { Binding } from "../zitadel/binding.ts";
import { answerQuestion } from "../explain/answer_question.ts";
import { diagnose } from "../explain/diagnose_token.ts";
import { roleScopes } from "../explain/roles_not_sent.ts";
import { type Facts, Question, type Role } from "../explain/token_question.ts";

/** What the page is for, and where its server can look. */
export interface ExplainSettings {
  readonly projectId: string;
  readonly rules: ExplainRules & { readonly claim: string };
  readonly freshMs: number;
  /** Reads what is bound, with an administrator's token. */
  readonly readBinding?: (() => Promise<Binding[]>) | undefined;
  /** Returns the function's last log line about a failure, if it runs here. */
  readonly lastFailure?: (() => Facts["failure"]) | undefined;
}

/**
 * Explains a token by the function's own code: what each role grants, whose
 * mapping counts, and why permissions are missing. Answers 400 if the question
 * is none.
 */
export async function explain(
  request: Request,
  settings: ExplainSettings,
): Promise<Response> {
  const question = Question.safeParse(await request.json().catch(() => null));
  if (!question.success) {
    return new Response(z.prettifyError(question.error), { status: 400 });
  }
  try {
    const facts = await gatherFacts(question.data, settings);
    const { permission, roles, binding } = facts;
    const diagnosis = diagnose(facts);
    return Response.json({
      roles,
      binding,
      organizations: wantedOrganizations(facts),
      suggestions: await knownPermissions(facts),
      diagnosis,
      answer: permission && await answerQuestion(permission, facts, diagnosis),
    });
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error;
    return new Response(error.message, { status: 400 });
  }
}

/** Explains why ZITADEL issued no token, by the calls that it made; `null` if the function is not the cause. */
export async function explainRefusal(
  request: Request,
  { readBinding, lastFailure }: ExplainSettings,
): Promise<Response> {
  const { data } = Question.shape.exchanges.safeParse(await request.json());
  const binding = await readBinding?.().catch(() => undefined);
  const call = data?.at(-1);
  if (call && isFailed(call)) {
    const failure = lastFailure?.();
    return Response.json(
      describeFailure(call, { binding, failure, isLogin: true }),
    );
  }
  const target = binding?.find(({ condition, interruptOnError }) =>
    condition.startsWith("function/") && interruptOnError
  );
  return Response.json(
    target && !data
      ? {
        title: `ZITADEL asks the function at ${target.endpoint} first`,
        text:
          "Its target interrupts on errors (interruptOnError): if the function failed, ZITADEL issues no token. deno task doctor finds out.",
      }
      : null,
  );
}

async function gatherFacts(
  question: Question,
  settings: ExplainSettings,
): Promise<Facts> {
  const { projectId, freshMs, readBinding, lastFailure } = settings;
  const { organizations, exchanges } = question;
  const call = callOf(question);
  const { applications, ...others } = settings.rules;
  // Of a token that was not seen being issued, the application may be unknown.
  const isNamed = exchanges || call?.application?.client_id;
  const rules = { ...others, ...(isNamed && applications && { applications }) };
  const parsed = new Map(
    organizations.map(({ id, entries: list }) => {
      const entries = list.map(({ key, value }) => ({
        key,
        value: Uint8Array.fromBase64(value),
      }));
      return [id, { ...parseRoleMapping(entries), entries }];
    }),
  );
  const mappingOf: Facts["mappingOf"] = (id) =>
    Promise.resolve(parsed.get(id) ?? parseRoleMapping([]));
  const grants = call ? allGrants(question, call) : [];
  const explained = call &&
    await explainCall({ ...call, user_grants: grants }, mappingOf, rules);
  const sent = call?.user_grants?.length ?? 0;
  const held = (explained?.grants ?? []).map((grant, index) => ({
    ...grant,
    scopes: index < sent ? undefined : roleScopes(grant.project),
  }));
  const roles = held.slice(0, sent).flatMap((grant): Role[] => {
    const { project, grantedBy, organization, why } = grant;
    const isCounted = why === undefined;
    const place = { project, grantedBy, organization, isCounted };
    return isCounted
      ? grant.roles.map((role) => ({ ...role, ...place }))
      : grant.held.map((role) => (
        { role, key: undefined, permissions: [], why, ...place }
      ));
  });
  return {
    ...question,
    projectId,
    rules,
    freshMs,
    roles,
    held,
    mappingOf,
    claimName: rules.claim,
    binding: await readBinding?.().catch(() => undefined),
    failure: lastFailure?.(),
  };
}

/** ZITADEL's call, or the one that it would make for a user whose grants are known. */
function callOf({ call, user, login }: Question): FunctionCall | undefined {
  if (call !== undefined) {
    const parsed = parsePayload(call);
    return isEvent(parsed) ? undefined : parsed;
  }
  return user && {
    function: "function/preaccesstoken",
    org: { id: user.organizationId },
    user: user.isMachine ? { machine: {} } : {},
    application: { client_id: login?.clientId },
  };
}

/** The grants that ZITADEL sent, then those that it did not. */
function allGrants({ user }: Question, call: FunctionCall) {
  const sent = call.user_grants ?? [];
  const others =
    user?.grants.filter((it) =>
      it.active && !sent.some((grant) =>
        grant.project_id === it.projectId &&
        grant.resource_owner === it.organizationId
      )
    ) ?? [];
  return [
    ...sent,
    ...others.map(({ projectId, organizationId, roles }) => ({
      project_id: projectId,
      resource_owner: organizationId,
      roles,
      state: 1,
    })),
  ];
}

/** The organizations whose mapping counts for the token. */
function wantedOrganizations({ roles, held, rules, user }: Facts): string[] {
  const wanted = new Set(
    (roles.length > 0 ? roles : held).map(({ organization }) => organization),
  );
  const { metadataOrganization } = rules;
  const isFixed = !["user", "grant"].includes(metadataOrganization);
  const other = isFixed ? metadataOrganization : user?.organizationId;
  if (wanted.size === 0 && other !== undefined) wanted.add(other);
  return [...wanted];
}

async function knownPermissions(
  { organizations, items, mappingOf }: Facts,
): Promise<string[]> {
  const names = new Set(items.map(({ permission }) => permission));
  for (const { id } of organizations) {
    const { plain } = await mappingOf(id);
    for (const name of [...plain.values()].flat()) names.add(name);
  }
  return [...names].sort();
}
