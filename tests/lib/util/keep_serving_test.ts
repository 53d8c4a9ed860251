import assert from "node:assert/strict";
import { keepServing, type Server } from "../../../lib/util/keep_serving.ts";
import { testEach } from "../../_test_each.ts";

/** A server that ends when it is told to. */
function fakeServer() {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const state = { shutdowns: 0 };
  const shutdown = () => {
    state.shutdowns++;
    return promise;
  };
  const server: Server = { finished: promise, shutdown };
  return { server, state, end: resolve, fail: reject };
}

Deno.test("keepServing() finishes when the server has drained", async () => {
  const { server, state, end } = fakeServer();
  const kept = keepServing(() => server, () => assert.fail("nothing to say"));
  kept.drain();
  kept.drain();
  assert.equal(state.shutdowns, 1);
  end();
  await kept.finished;
});

testEach<Error[]>("keepServing() listens again when the server fails", {
  "at once": [],
  "after listening failed too": [new Deno.errors.AddrInUse("canary")],
}, async (failures) => {
  const [first, last] = [fakeServer(), fakeServer()];
  const listening = Promise.withResolvers<void>();
  const attempts: (() => Server)[] = [
    () => first.server,
    ...failures.map((error) => () => {
      throw error;
    }),
    () => {
      listening.resolve();
      return last.server;
    },
  ];
  const names: string[] = [];
  const kept = keepServing(
    () => attempts.shift()!(),
    (error) => names.push((error as Error).name),
  );
  first.fail(new Deno.errors.Busy("canary"));
  await listening.promise;
  assert.deepEqual(names, ["Busy", ...failures.map(({ name }) => name)]);
  last.end();
  await kept.finished;
});
