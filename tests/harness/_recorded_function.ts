import assert from "node:assert/strict";
import { createRecorder } from "../../harness/record/recording.ts";
import { setExecution } from "../../harness/zitadel/execution.ts";
import { login } from "../../harness/zitadel/login.ts";
import { addTarget } from "./_add_target.ts";
import { startScratch } from "./_scratch.ts";
import { serve } from "./_serve.ts";

type Handler = (request: Request) => Response | Promise<Response>;
type Settings = Readonly<Record<string, string>>;

/**
 * A sandbox with an organization and a target bound to both functions, which keeps
 * what it is sent; it answers by the handler that it was given last, if any.
 */
export async function startRecordedFunction() {
  await using stack = new AsyncDisposableStack();
  const scene = stack.use(await startScratch());
  const { sandbox, instance, scratch } = scene;
  const calls: { headers: Headers; body: Uint8Array<ArrayBuffer> }[] = [];
  let handler: Handler = () => Response.json({});
  const { endpoint: url } = stack.use(
    serve(async ({ url, method, headers, body }) => {
      const bytes = await new Response(body).bytes();
      calls.push({ headers, body: bytes });
      return await handler(new Request(url, { method, headers, body: bytes }));
    }),
  );
  const settings = { name: "ours", endpoint: url };
  const { id, signingKey } = await addTarget(instance, settings);
  for (const name of ["preaccesstoken", "preuserinfo"]) {
    const condition = `function/${name}`;
    await setExecution(instance, { condition, targets: [id] });
  }
  const started = stack.move();
  return {
    scratch,
    url,
    settings: {
      ZITADEL_DOMAIN: sandbox.origin,
      AUTHORIZATION_SIGNING_KEY: signingKey,
      ACCESS_TOKEN: scratch.reader.token,
    },
    answerWith: (answer: Handler) => void (handler = answer),
    /** Logs in, and returns the recorded calls. */
    async record(settings: Settings) {
      calls.length = 0;
      await login(sandbox.origin, {
        ...scratch.application,
        ...scratch.person,
        scope: "openid profile email",
        loginClientToken: sandbox.loginClientToken,
      });
      assert.equal(calls.length, 2);
      const toFixture = await createRecorder(settings);
      const time = Date.now();
      const fixtures = [];
      for (const call of calls) {
        const fixture = (await toFixture({ ...call, time }))!;
        assert.deepEqual(await toFixture({ ...call, time }), fixture);
        fixtures.push(fixture);
      }
      return fixtures;
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}
