import assert from "node:assert/strict";
import {
  noProxyOnLoopback,
  proxyVariable,
} from "../../../harness/util/proxy.ts";

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

Deno.test("proxyVariable() names the variable that Deno takes for a URL", () => {
  const both = { HTTP_PROXY: PROXY, https_proxy: PROXY };
  const bypassing = (NO_PROXY: string) => ({ HTTP_PROXY: PROXY, NO_PROXY });
  const cases: [string, Record<string, string>, string | undefined][] = [
    ["http://a.example/", {}, undefined],
    ["http://a.example/", both, "HTTP_PROXY"],
    ["https://a.example/", both, "https_proxy"],
    ["https://a.example/", { HTTP_PROXY: PROXY }, undefined],
    ["http://a.example/", { ...both, ALL_PROXY: PROXY }, "ALL_PROXY"],
    ["http://a.example/", bypassing("b.example, a.example"), undefined],
    ["http://a.example/", bypassing(".example"), undefined],
    ["http://a.example/", bypassing("*"), undefined],
    ["http://aa.example/", bypassing("a.example,"), "HTTP_PROXY"],
    ["http://10.0.0.7/", bypassing("10.0.0.0/8"), undefined],
    ["http://10.0.0.7/", bypassing("10.0.0.8"), "HTTP_PROXY"],
    ["http://[::1]:80/", bypassing("127.0.0.0/8,::1"), undefined],
    ["nonsense", both, undefined],
  ];
  for (const [url, env, expected] of cases) {
    assert.equal(
      proxyVariable(url, env),
      expected,
      `${url} ${JSON.stringify(env)}`,
    );
  }
});
