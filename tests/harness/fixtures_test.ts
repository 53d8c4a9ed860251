import assert from "node:assert/strict";
import {
  findFixtures,
  type Fixture,
  FIXTURES_URL,
  readFixture,
  requestOf,
  signFixture,
} from "../../harness/fixtures.ts";
import { parseSignatureHeader } from "../../lib/signature.ts";

const nameOf = (file: URL) =>
  file.href.slice(FIXTURES_URL.href.length).replace(/\.json$/, "");
const LOGIN = new URL("calls/human_login.json", FIXTURES_URL);

async function readWith(change: (fixture: Record<string, unknown>) => void) {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const fixture = JSON.parse(await Deno.readTextFile(LOGIN));
    change(fixture);
    await Deno.writeTextFile(file, JSON.stringify(fixture));
    return await readFixture(file);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("findFixtures() finds every file of the folder that is not recorded data", async () => {
  const found = (await findFixtures()).map(nameOf);
  const others: string[] = [];
  await walk(FIXTURES_URL, (file) => {
    if (!found.includes(nameOf(file))) others.push(nameOf(file));
  });
  assert.ok(found.length > 100, `only ${found.length} were found`);
  assert.deepEqual(
    others.filter((name) => !name.startsWith("recorded/")).sort(),
    ["README.md", "signature_vectors.jsonl"],
  );
});

Deno.test("readFixture() reads every fixture, each named after its file", async (t) => {
  for (const file of await findFixtures()) {
    await t.step(nameOf(file), async () => {
      const { name, description, source } = await readFixture(file);
      assert.equal(name, nameOf(file));
      assert.match(description, /^\S.*\.$/);
      const from = /^made from (\S+): /.exec(source)?.[1];
      if (from) {
        const origin = await readFixture(
          new URL(`${from}.json`, FIXTURES_URL),
        );
        assert.match(origin.source, /^recorded from ZITADEL /);
      }
    });
  }
});

Deno.test("readFixture() names everything that is wrong in a file", async () => {
  await assert.rejects(
    readWith((fixture) => {
      fixture.source = "somewhere";
      fixture.clock = "noon";
      fixture.expcted = {};
      fixture.settings = { METADATA_ORGANISATION: "grant" };
    }),
    (error) => {
      assert.ok(error instanceof TypeError);
      for (
        const part of ["source", "clock", "expcted", "METADATA_ORGANISATION"]
      ) {
        assert.ok(error.message.includes(part), `${part}: ${error.message}`);
      }
      return true;
    },
  );
});

Deno.test("signFixture() signs a recorded request as ZITADEL did", async (t) => {
  for (const file of await findFixtures()) {
    const fixture = await readFixture(file);
    if (fixture.source.startsWith("made from ")) continue;
    await t.step(fixture.name, async () => {
      const signature = fixture.request.headers["zitadel-signature"] ?? null;
      const timestamp = parseSignatureHeader(signature)?.timestamp;
      assert.ok(timestamp);
      assert.deepEqual(
        await signFixture(fixture, { now: timestamp * 1000 }),
        fixture,
      );
    });
  }
});

Deno.test("signFixture() signs with another key when it is given one", async () => {
  const fixture = await readFixture(LOGIN);
  const now = Date.parse(fixture.clock);
  const signatureOf = ({ request }: Fixture) =>
    request.headers["zitadel-signature"];
  assert.notEqual(
    signatureOf(await signFixture(fixture, { now, key: "another" })),
    signatureOf(await signFixture(fixture, { now })),
  );
});

Deno.test("requestOf() makes the recorded request", async () => {
  const fixture = await readFixture(LOGIN);
  const request = requestOf(fixture, "http://localhost:8000");
  assert.equal(request.url, "http://localhost:8000/");
  assert.equal(request.method, "POST");
  assert.equal(
    request.headers.get("zitadel-signature"),
    fixture.request.headers["zitadel-signature"],
  );
  assert.equal(await request.text(), fixture.request.body);
});

async function walk(folder: URL, visit: (file: URL) => void): Promise<void> {
  for await (const entry of Deno.readDir(folder)) {
    const url = new URL(
      entry.isDirectory ? `${entry.name}/` : entry.name,
      folder,
    );
    if (entry.isDirectory) await walk(url, visit);
    else visit(url);
  }
}
