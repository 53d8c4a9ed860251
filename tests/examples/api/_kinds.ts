import assert from "node:assert/strict";
import { FIXTURES_URL } from "../../../harness/fixtures/fixture.ts";
import { getPosts, type Issuer, PROJECT } from "./_tokens.ts";

interface RecordedToken {
  readonly header: { readonly typ: string };
  readonly claims: Readonly<Record<string, unknown>> & {
    readonly aud: readonly string[];
  };
}

type Grants = Readonly<
  Record<string, {
    readonly access_token?: RecordedToken;
    readonly id_token?: RecordedToken;
  }>
>;

const RELEASES = ["v3.4.9", "v4.6.5", "v4.13.1", "main"];
/** Of this one the access token has `azp` too, so that it is refused as well. */
const APPENDED = /a target appends/;

async function readTokens(release: string): Promise<Grants> {
  const file = new URL(`recorded/tokens/${release}.json`, FIXTURES_URL);
  return JSON.parse(await Deno.readTextFile(file)).tokens;
}

/** Tests that an API tells the recorded access tokens from ID tokens, which differ in little. */
export async function testKinds(
  t: Deno.TestContext,
  api: { readonly origin: string },
  issuer: Issuer,
): Promise<void> {
  const ask = async ({ header, claims }: RecordedToken) => {
    assert.equal(header.typ, "JWT");
    assert.ok(claims.aud.includes("<project>"));
    const token = await issuer.sign({
      jti: undefined,
      client_id: undefined,
      ...claims,
      iss: issuer.origin,
      aud: PROJECT,
      nbf: undefined,
      exp: Math.floor(Date.now() / 1000) + 60,
      permissions: ["posts:read"],
    });
    return (await getPosts(api, `Bearer ${token}`)).status;
  };
  for (const release of RELEASES) {
    await t.step(`tells the kinds of ${release}`, async () => {
      const grants = Object.entries(await readTokens(release));
      assert.ok(grants.length >= 9);
      for (const [grant, { access_token, id_token }] of grants) {
        assert.ok(access_token || id_token, grant);
        if (id_token) assert.equal(await ask(id_token), 401, grant);
        if (!access_token) continue;
        const expected = APPENDED.test(grant) ? 401 : 200;
        assert.equal(await ask(access_token), expected, grant);
      }
    });
  }
}
