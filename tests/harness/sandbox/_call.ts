import assert from "node:assert/strict";
import type { Sandbox } from "../../../harness/sandbox/sandbox.ts";

/** The organization of the repository's world. */
export const ACME = "390000000000000001";

// deno-lint-ignore no-explicit-any -- answers are looked at key by key
export type Json = any;

/** Calls the sandbox as its administrator. */
export async function call(
  { origin, adminToken }: Pick<Sandbox, "origin" | "adminToken">,
  route: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string; json: () => Json }> {
  const [method, path] = route.split(" ") as [string, string];
  const response = await fetch(origin + path, {
    method,
    headers: {
      authorization: `Bearer ${adminToken}`,
      "content-type": "application/json",
      ...headers,
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, text, json: () => JSON.parse(text) };
}

export async function createTarget(
  sandbox: Sandbox,
  settings: Record<string, unknown>,
): Promise<string> {
  const created = await call(sandbox, "POST /v2beta/actions/targets", {
    name: `target ${crypto.randomUUID()}`,
    endpoint: "http://localhost:9/",
    timeout: "5s",
    restCall: {},
    ...settings,
  });
  assert.equal(created.status, 200, created.text);
  return created.json().id;
}

/** Asks for a service user's token. */
export async function tokenFor(
  { origin }: Pick<Sandbox, "origin">,
  { scope = "openid", client = "ci-runner" } = {},
): Promise<{ status: number; answer: Json }> {
  const response = await fetch(`${origin}/oauth/v2/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: client,
      client_secret: `sandbox-${client}`,
      scope,
    }),
  });
  return { status: response.status, answer: await response.json() };
}
