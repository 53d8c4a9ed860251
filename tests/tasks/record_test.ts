import assert from "node:assert/strict";
import { tempFolder } from "../_temp_folder.ts";
import { freePort } from "../../harness/util/free_port.ts";
import { denoEnvironment } from "../../harness/util/deno_environment.ts";
import { startServer } from "../../harness/util/server_process.ts";
import { eventually, signed } from "../main/_loopback.ts";

const SETTINGS = {
  ZITADEL_DOMAIN: "http://127.0.0.1:9",
  AUTHORIZATION_SIGNING_KEY: "key",
  ACCESS_TOKEN: "token",
};

Deno.test("record keeps signed calls whole, and refuses others before it reads the body", async (t) => {
  await using folder = await tempFolder();
  const port = freePort();
  await using recorder = await startServer({
    name: "record",
    command: [
      ...[Deno.execPath(), "task", "--quiet", "record"] as const,
      ...["--folder", folder.path, "--env-file", "/dev/null"],
    ],
    env: {
      ...denoEnvironment(Deno.env.toObject()),
      ...SETTINGS,
      NO_COLOR: "1",
      HOST: "127.0.0.1",
      PORT: String(port),
    },
    urlIn: (line) =>
      /^Listening/.test(line) ? `http://127.0.0.1:${port}/` : undefined,
  });
  await t.step("an unsigned call, none of whose body is sent", async () => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000000\r\n\r\n",
    ));
    const late = setTimeout(() => connection.close(), 5_000);
    const buffer = new Uint8Array(64);
    const read = await connection.read(buffer).catch(() => 0);
    clearTimeout(late);
    const answer = new TextDecoder().decode(buffer.subarray(0, read ?? 0));
    assert.match(answer, /^HTTP\/1\.1 401 /);
  });
  for (const size of [1, 200_000]) {
    await t.step(`a call with a name of ${size} letters`, async () => {
      const call = await signed(recorder.url, "key", {
        function: "function/preaccesstoken",
        org: { id: "300000000000000001" },
        user: { username: "a".repeat(size) },
      });
      assert.deepEqual(await (await fetch(call)).json(), {});
    });
  }
  const kept = () => recorder.lines.filter((it) => it.startsWith("kept "));
  await eventually("both calls are kept", () => kept().length === 2, 15_000);
  assert.equal(await recorder.stop("SIGINT"), 0);
});
