import assert from "node:assert/strict";
import { keepServing, type Server } from "../../../lib/util/keep_serving.ts";

/** A server that ends when it is told to. */
function fakeServer() {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const state = { shutdowns: 0 };
  const server: Server = {
    finished: promise,
    shutdown: () => {
      state.shutdowns++;
      return promise;
    },
  };
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

Deno.test("keepServing() listens again when the server fails", async () => {
  const errors: unknown[] = [];
  const first = fakeServer();
  const second = fakeServer();
  const servers = [first, second];
  const listening = Promise.withResolvers<void>();
  const kept = keepServing(() => {
    const next = servers.shift();
    if (servers.length === 0) listening.resolve();
    return next!.server;
  }, (error) => errors.push(error));
  first.fail(new Deno.errors.Busy("canary"));
  await listening.promise;
  assert.deepEqual(errors.map((error) => (error as Error).name), ["Busy"]);
  second.end();
  await kept.finished;
});

Deno.test("keepServing() keeps trying when listening fails too", async () => {
  const errors: unknown[] = [];
  const first = fakeServer();
  const last = fakeServer();
  const attempts = [
    () => first.server,
    () => {
      throw new Deno.errors.AddrInUse("canary");
    },
    () => last.server,
  ];
  const listening = Promise.withResolvers<void>();
  const kept = keepServing(() => {
    if (attempts.length === 1) listening.resolve();
    return attempts.shift()!();
  }, (error) => errors.push(error));
  first.fail(new Deno.errors.Busy("canary"));
  await listening.promise;
  assert.deepEqual(errors.map((error) => (error as Error).name), [
    "Busy",
    "AddrInUse",
  ]);
  last.end();
  await kept.finished;
});
