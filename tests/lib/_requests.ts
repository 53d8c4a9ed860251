import assert from "node:assert/strict";
import { type ErrorCode, STATUS } from "../../lib/errors.ts";
import type { Clock } from "../../lib/util/clock.ts";
import { signPayload } from "../../harness/util/sign_payload.ts";
import {
  createTestFunction,
  login,
  NOW,
  type TestFunction,
} from "./_function.ts";

/** A function that must not ask ZITADEL for anything. */
export async function createIdleFunction(
  settings: Record<string, string> = {},
  platform: Partial<Clock> = {},
): Promise<TestFunction & { readonly asked: string[] }> {
  const asked: string[] = [];
  const fetch = (input: RequestInfo | URL) => {
    asked.push(String(input instanceof Request ? input.url : input));
    return Promise.reject(new TypeError("nothing may be asked"));
  };
  const tested = await createTestFunction({ ...platform, settings, fetch });
  return { ...tested, asked };
}

/** Makes a POST. */
export function request(
  body: BodyInit | null,
  headers: Record<string, string> = {},
  path = "/",
): Request {
  return new Request(new URL(path, "http://localhost"), {
    method: "POST",
    headers,
    body,
  });
}

/** Makes a signed POST. */
export async function signed(
  body: string,
  { key = login.signing_key, seconds = Math.floor(NOW / 1000) } = {},
): Promise<Request> {
  return request(body, {
    "zitadel-signature": await signPayload(key, seconds, body),
  });
}

/** Checks a refusal: its status, type and fixed text. */
export async function assertRefused(
  response: Response,
  code: ErrorCode,
): Promise<void> {
  assert.equal(response.status, STATUS[code]);
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.equal(await response.text(), `{"error":"${code}"}`);
}
