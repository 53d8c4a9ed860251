import assert from "node:assert/strict";
import { choosePort } from "../../../harness/setup/run_function.ts";

Deno.test("choosePort() takes the port of an endpoint on this machine if PORT is unset", () => {
  const chosen = [
    "http://localhost:22420/",
    "http://127.0.0.1:22420/",
    "http://[::1]:22420/",
  ].map((endpoint) => choosePort(undefined, endpoint));
  assert.deepEqual(chosen, Array(3).fill({ port: "22420" }));
  assert.deepEqual(choosePort(" ", "http://localhost:22420/"), {
    port: "22420",
  });
});

Deno.test("choosePort() says that the endpoint has another port", () => {
  const cases = [
    [undefined, "http://my-host:22420/", "8000"],
    ["9000", "http://localhost:22420/", "9000"],
  ] as const;
  for (const [set, endpoint, port] of cases) {
    const chosen = choosePort(set, endpoint);
    assert.equal(chosen.port, port);
    assert.match(
      chosen.note!,
      new RegExp(`^the function listens on ${port}, .* says 22420: set PORT`),
    );
  }
});

Deno.test("choosePort() says nothing of an endpoint that fits, or that is a proxy's", () => {
  const cases = [
    [undefined, "http://my-host:8000/"],
    ["9000", "http://my-host:9000/"],
    [undefined, "https://function.example.com/"],
    [undefined, "https://localhost:8443/"],
    [undefined, "http://localhost/"],
  ] as const;
  for (const [set, endpoint] of cases) {
    assert.deepEqual(choosePort(set, endpoint), { port: set ?? "8000" });
  }
});
