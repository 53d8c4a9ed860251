import assert from "node:assert/strict";
import {
  explain,
  type ExplainSettings,
} from "../../../harness/inspector/explain_token.ts";
import type { Question } from "../../../harness/explain/token_question.ts";
import type { Explanation } from "../../../harness/inspector/types.ts";

export function entries(values: Record<string, string>, changed?: number) {
  return Object.entries(values).map(([key, value]) => ({
    key,
    changed,
    value: new TextEncoder().encode(value).toBase64(),
  }));
}

export const acme = (values: Record<string, string>, changed?: number) => ({
  id: "1",
  name: "Acme",
  entries: entries(values, changed),
});
export const GLOBEX = {
  id: "2",
  name: "Globex",
  entries: entries({ viewer: '["theirs:read"]' }),
};
export const ASKED = Date.UTC(2026, 10, 1, 12);

export function callWith(...roles: string[]) {
  const grant = { project_id: "7", resource_owner: "1", state: 1, roles };
  return {
    function: "function/preaccesstoken",
    org: { id: "1" },
    application: { client_id: "client" },
    user_grants: [grant],
  };
}

export const EXCHANGE = {
  time: ASKED,
  condition: "function/preaccesstoken",
  target: { endpoint: "http://function/" },
  reply: { status: 200, body: "{}" },
};
export const FAILED = {
  ...EXCHANGE,
  reply: { status: 502, body: '{"error":"upstream_failed"}' },
};
export const GRANT = {
  projectId: "7",
  project: "Shop",
  organizationId: "1",
  active: true,
  roles: ["viewer"],
};
export const DEPOT = { ...GRANT, projectId: "8", roles: ["picker"] };
export const ANN = {
  displayName: "Ann Other",
  isMachine: false,
  organizationId: "1",
  grants: [GRANT],
};

export const QUESTION: Question = {
  claim: "missing",
  items: [],
  isOpaque: false,
  audience: ["client", "7"],
  login: { clientId: "client", scope: "openid" },
  exchanges: [EXCHANGE],
  call: callWith("viewer"),
  organizations: [acme({ viewer: '["posts:read"]' }), GLOBEX],
  projects: [{ id: "7", name: "Shop" }, { id: "8", name: "Depot" }],
  place: { project: "7", organization: "1" },
};

export const SETTINGS: ExplainSettings = {
  projectId: "",
  freshMs: 60_000,
  rules: { metadataOrganization: "user", claim: "permissions" },
};

export function post(body: unknown): Request {
  return new Request("http://localhost/explain", {
    method: "POST",
    body: JSON.stringify(body),
  });
}

/** What differs from the question and the settings above. */
export type Asked = Partial<Question> & {
  readonly rules?: Partial<ExplainSettings["rules"]>;
  /** What is bound, if that is known. */
  readonly bound?: NonNullable<Explanation["binding"]>;
};

export async function ask(
  { rules, bound, ...question }: Asked,
): Promise<Explanation> {
  const response = await explain(post({ ...QUESTION, ...question }), {
    ...SETTINGS,
    rules: { ...SETTINGS.rules, ...rules },
    ...(bound && { readBinding: () => Promise.resolve([...bound]) }),
  });
  assert.equal(response.status, 200);
  return await response.json();
}
