import type { Subject } from "./subject.ts";

/** Calls the REST API; throws unless it succeeds. */
export async function postJson(
  { origin, adminToken }: Subject,
  path: string,
  body: unknown,
): Promise<Record<string, unknown>> {
  const response = await fetch(origin + path, {
    method: "POST",
    headers: {
      authorization: `Bearer ${adminToken}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`Cannot post to ${path}: ${response.status} ${text}`);
  }
  return JSON.parse(text);
}
