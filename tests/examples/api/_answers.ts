import assert from "node:assert/strict";

/** The status that an API answers a header with, and part of its message. */
export type Case = readonly [
  authorization: string | undefined,
  status: 200 | 401 | 403 | 503,
  message?: RegExp,
];

/** What RFC 6750 asks for beside a status, to a bearer token and without one. */
const CHALLENGES = {
  200: [null, null],
  401: ['Bearer error="invalid_token"', 'Bearer realm="api"'],
  403: ['Bearer error="insufficient_scope", scope="posts:read"', null],
  503: [null, null],
} as const;

/** Asks an API for its posts, which takes `posts:read`, once for each case. */
export async function testAnswers(
  t: Deno.TestContext,
  { origin }: { readonly origin: string },
  cases: Readonly<Record<string, Case>>,
): Promise<void> {
  for (
    const [name, [authorization, status, message = /^/]] of Object.entries(
      cases,
    )
  ) {
    await t.step(`${status} to ${name}`, async () => {
      const { headers, ...response } = await getPosts(origin, authorization);
      assert.equal(response.status, status, response.text);
      assert.match(response.text, message);
      const [toToken, toNone] = CHALLENGES[status];
      const isToken = /^bearer \S+$/i.test(authorization ?? "");
      const challenge = headers.get("www-authenticate");
      assert.equal(challenge, isToken ? toToken : toNone);
      if (status === 503) assert.match(headers.get("retry-after")!, /^\d+$/);
    });
  }
}

async function getPosts(origin: string, authorization?: string) {
  const response = await fetch(`${origin}/posts`, {
    headers: authorization === undefined ? {} : { authorization },
  });
  const { status, headers } = response;
  return { status, headers, text: await response.text() };
}

export function bearer(token: string): string {
  return `Bearer ${token}`;
}
