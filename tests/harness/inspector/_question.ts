import assert from "node:assert/strict";
import {
  explain,
  type ExplainSettings,
} from "../../../harness/inspector/explain_token.ts";
import type {
  Finding,
  Question,
  Role,
} from "../../../harness/explain/token_question.ts";

export function entries(values: Record<string, string>, changed?: number) {
  return Object.entries(values).map(([key, value]) => ({
    ...{ key, changed },
    value: new TextEncoder().encode(value).toBase64(),
  }));
}

export const ACME = {
  id: "1",
  name: "Acme",
  entries: entries({ viewer: '["posts:read"]' }),
};
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
  roles: ["viewer"],
  active: true,
};
export const ANN = {
  displayName: "Ann Other",
  isMachine: false,
  organizationId: "1",
  grants: [GRANT],
};
export const BOUND = {
  condition: "function/preaccesstoken",
  name: "Webhook",
  endpoint: "http://function/",
  interruptOnError: false,
};

export const QUESTION: Question = {
  claim: "missing",
  items: [],
  isOpaque: false,
  audience: ["client", "7"],
  login: { clientId: "client", scope: "openid" },
  exchanges: [EXCHANGE],
  call: callWith("viewer"),
  organizations: [ACME, GLOBEX],
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

export async function ask(
  question: Partial<Question>,
  settings: Partial<ExplainSettings> = {},
) {
  const response = await explain(
    post({ ...QUESTION, ...question }),
    { ...SETTINGS, ...settings },
  );
  assert.equal(response.status, 200);
  const answer: {
    roles: Role[];
    organizations: string[];
    suggestions: string[];
    diagnosis?: Finding;
    answer?: Finding;
  } = await response.json();
  return answer;
}

export const rules = (part: Partial<ExplainSettings["rules"]>) => ({
  rules: { ...SETTINGS.rules, ...part },
});

export const SETUP = "Copy “deno task setup”";
export const REQUEST = "Log in again and request Shop’s roles";
export const NO_CALLS = { exchanges: undefined };
export const unmapped = (...roles: string[]) => ({
  claim: "empty" as const,
  organizations: [{ ...ACME, entries: [] }],
  call: callWith(...roles),
});
export const withEntry = (value: string, changed?: number) => ({
  organizations: [{ ...ACME, entries: entries({ viewer: value }, changed) }],
});
