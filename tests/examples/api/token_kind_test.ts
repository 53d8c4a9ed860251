import assert from "node:assert/strict";
import { FIXTURES_URL } from "../../../harness/fixtures/fixture.ts";
import { copyExample } from "./_apis.ts";
import { getPosts, PROJECT, startIssuer } from "./_tokens.ts";

interface RecordedToken {
  readonly header: { readonly typ: string };
  readonly claims: Readonly<Record<string, unknown>>;
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

for (const release of RELEASES) {
  Deno.test(`hono.ts tells access tokens from ID tokens of ${release}`, async (t) => {
    await using stack = new AsyncDisposableStack();
    const issuer = stack.use(await startIssuer());
    const example = stack.use(await copyExample("hono.ts"));
    const api = stack.use(
      await example.start({ ISSUER: issuer.origin, AUDIENCE: PROJECT }),
    );
    const ask = async ({ claims }: RecordedToken) => {
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
    const grants = Object.entries(await readTokens(release));
    assert.ok(grants.length >= 9);
    for (const [grant, { access_token, id_token }] of grants) {
      await t.step(grant, async () => {
        assert.ok(access_token || id_token);
        if (id_token) assert.equal(await ask(id_token), 401);
        if (!access_token) return;
        const expected = APPENDED.test(grant) ? 401 : 200;
        assert.equal(await ask(access_token), expected);
      });
    }
  });
}

Deno.test("recorded tokens of both kinds share typ, and the project in aud", async () => {
  for (const release of RELEASES) {
    for (const [grant, tokens] of Object.entries(await readTokens(release))) {
      for (const { header, claims } of Object.values(tokens)) {
        assert.equal(header.typ, "JWT", `${release}: ${grant}`);
        const { aud } = claims as { aud: string[] };
        assert.ok(aud.includes("<project>"), `${release}: ${grant}`);
      }
    }
  }
});
