import assert from "node:assert/strict";
import { noProxyOnLoopback } from "../../../harness/util/proxy.ts";

const PROXY = "http://proxy:3128";

Deno.test("noProxyOnLoopback() adds loopback to what is asked without the proxy", () => {
  const loopback = "localhost,127.0.0.0/8,::1";
  const cases: [Record<string, string>, string | undefined][] = [
    [{}, undefined],
    [{ NO_PROXY: "a" }, undefined],
    [{ HTTP_PROXY: "" }, undefined],
    [{ HTTP_PROXY: PROXY }, loopback],
    [{ https_proxy: PROXY, NO_PROXY: "a" }, `a,${loopback}`],
    [{ all_proxy: PROXY, no_proxy: "b" }, `b,${loopback}`],
    // Deno reads the name in small letters only if the other is not set.
    [{ HTTP_PROXY: PROXY, NO_PROXY: "", no_proxy: "b" }, loopback],
  ];
  for (const [env, expected] of cases) {
    assert.equal(noProxyOnLoopback(env), expected, JSON.stringify(env));
  }
});
