import assert from "node:assert/strict";
import { FIXTURES_URL } from "../harness/fixtures.ts";

/** Names that belong to nobody (RFC 2606, RFC 6761). */
const NOBODYS =
  /(?:^|\.)(?:example|example\.(?:com|org|net)|invalid|test|localhost)$/;

async function* textFiles(folder: URL): AsyncGenerator<[string, string]> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* textFiles(new URL(`${name}/`, folder));
    else {
      const file = new URL(name, folder);
      const path = file.href.slice(FIXTURES_URL.href.length);
      yield [path, await Deno.readTextFile(file)];
    }
  }
}

Deno.test("fixtures hold no address, host or number of anybody", async () => {
  const found: string[] = [];
  let addresses = 0;
  for await (const [path, text] of textFiles(FIXTURES_URL)) {
    for (
      const [mail, host] of text.matchAll(
        /[\w.+-]+@((?:[a-z\d-]+\.)+[a-z]{2,})/gi,
      )
    ) {
      addresses++;
      if (!NOBODYS.test(host!)) found.push(`${path}: ${mail}`);
    }
    for (const [url, host] of text.matchAll(/https?:\/\/([\w.-]+)/g)) {
      if (!NOBODYS.test(host!) && host !== "127.0.0.1") {
        found.push(`${path}: ${url}`);
      }
    }
    for (const [phone] of text.matchAll(/"phone\\?":\\?"[^"\\]+/g)) {
      found.push(`${path}: ${phone}`);
    }
  }
  assert.ok(addresses > 0, "no address was looked at");
  assert.deepEqual(found, []);
});
