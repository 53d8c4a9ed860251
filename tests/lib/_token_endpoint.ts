import { FIXTURES_URL } from "../../harness/fixtures/fixture.ts";
import { UPSTREAM_ORIGIN } from "../../harness/sandbox/upstream.ts";

const TOKEN_URL = `${UPSTREAM_ORIGIN}/oauth/v2/token`;

/**
 * Creates a token endpoint.
 *
 * @param answer Answers the request of an index, counted from 0.
 * @param otherwise Answers requests to other paths.
 * @returns The endpoint.
 */
export function createTokenEndpoint(
  answer: (index: number) => Response | Promise<Response>,
  otherwise: typeof fetch = () => Promise.reject(new TypeError("not recorded")),
) {
  const requests: { form: Record<string, string>; headers: Headers }[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    if (request.url !== TOKEN_URL) return await otherwise(request);
    const form = new URLSearchParams(await request.text());
    const { headers } = request;
    requests.push({ form: Object.fromEntries(form), headers });
    return await answer(requests.length - 1);
  };
  return { fetch, requests };
}

/**
 * Creates the answer that holds a token.
 *
 * @param token The token.
 * @param expiresIn How long it lives, in seconds.
 * @returns The answer.
 */
export function tokenAnswer(token: string, expiresIn = 43_199): Response {
  return Response.json({
    access_token: token,
    token_type: "Bearer",
    expires_in: expiresIn,
  });
}

/**
 * Reads a recorded answer of the token endpoint.
 *
 * @param name The recording's name.
 * @returns The answer, without the ID token: it was asked for by `openid`, which the function leaves out.
 */
export async function readTokenAnswer(name: string): Promise<() => Response> {
  const file = new URL(`recorded/oidc/${name}.json`, FIXTURES_URL);
  const { response } = JSON.parse(await Deno.readTextFile(file));
  const { id_token: _, ...body } = JSON.parse(response.body);
  const { status, headers } = response;
  return () => new Response(JSON.stringify(body), { status, headers });
}
