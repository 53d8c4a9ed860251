import assert from "node:assert/strict";
import { startApi, startHonoApi } from "../../../harness/demo/api_process.ts";
import { freePort } from "../../../harness/util/free_port.ts";

const SETTINGS = { ISSUER: "http://127.0.0.1:9", AUDIENCE: "1" };

Deno.test("startHonoApi() starts an API that listens, and stops it", async () => {
  const api = await startHonoApi(SETTINGS);
  {
    await using _running = api;
    const response = await fetch(`${api.origin}/posts`);
    await response.body?.cancel();
    assert.equal(response.status, 401);
  }
  await assert.rejects(fetch(`${api.origin}/posts`), TypeError);
});

Deno.test("startApi() rejects with the output when the API ends", async () => {
  const program = "console.log('no such luck'); Deno.exit(3)";
  await assert.rejects(
    startApi([Deno.execPath(), "eval", program], {
      ...SETTINGS,
      PORT: String(freePort()),
    }),
    /it ended with exit code 3\nno such luck/,
  );
});
