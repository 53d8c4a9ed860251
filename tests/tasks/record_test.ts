import assert from "node:assert/strict";
import { record } from "../../tasks/record.ts";
import { createTestIo } from "../harness/_test_io.ts";
import { freePort } from "../../harness/util/free_port.ts";
import { signPayload } from "../../harness/util/sign_payload.ts";

/** The function's answers while it records, and what it kept. */
async function recording(
  use: (
    place: { port: number; folder: string; next: () => Promise<string> },
  ) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const port = freePort();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["task", "--quiet", "record"],
      ...["--folder", folder, "--env-file", "/dev/null"],
    ],
    env: {
      NO_COLOR: "1",
      HOST: "127.0.0.1",
      PORT: String(port),
      ZITADEL_DOMAIN: "http://127.0.0.1:9",
      AUTHORIZATION_SIGNING_KEY: "key",
      ACCESS_TOKEN: "token",
    },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const next = async () => (await output.read()).value ?? "";
  try {
    assert.match(await next(), /^Listening/);
    await use({ port, folder, next });
  } finally {
    child.kill("SIGINT");
    while (!(await output.read()).done);
    await child.status;
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("record refuses an unsigned call before it reads the body", async () => {
  await recording(async ({ port }) => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    // None of the body is ever sent.
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
});

Deno.test("record keeps a signed call whole, be it sent in one piece or in chunks", async () => {
  await recording(async ({ port, next }) => {
    for (const size of [1, 200_000]) {
      const body = JSON.stringify({
        function: "function/preaccesstoken",
        org: { id: "300000000000000001" },
        user: { username: "a".repeat(size) },
      });
      const response = await fetch(`http://127.0.0.1:${port}/`, {
        method: "POST",
        headers: {
          "zitadel-signature": await signPayload(
            "key",
            Math.floor(Date.now() / 1000),
            body,
          ),
        },
        body,
      });
      assert.equal(response.status, 200);
      assert.equal(await response.text(), "{}");
      assert.match(await next(), /^kept /);
    }
  });
});

Deno.test("record refuses settings that the function cannot use", async (t) => {
  const env = {
    ZITADEL_DOMAIN: "http://127.0.0.1:9",
    AUTHORIZATION_SIGNING_KEY: "key",
    ACCESS_TOKEN: "token",
  };
  for (
    const [name, value] of [
      ["AUTHORIZATION_SIGNING_KEY", ""],
      ["PAYLOAD_PRIVATE_KEY", "no key"],
    ] as const
  ) {
    await t.step(name, async () => {
      const { io, errors } = createTestIo({ env: { ...env, [name]: value } });
      const code = await record.run(["--env-file", "/dev/null"], io);
      assert.equal(code, 64);
      assert.match(errors(), new RegExp(`^error: [^]*${name}`));
    });
  }
});
