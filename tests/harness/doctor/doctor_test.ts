import assert from "node:assert/strict";
import { type CheckId, CHECKS } from "../../../harness/doctor/checks.ts";
import {
  finding,
  type Level,
  outcomeOf,
} from "../../../harness/doctor/finding.ts";
import {
  judgeClock,
  judgeTls,
} from "../../../harness/doctor/judge_instance.ts";
import { proveLive } from "../../../harness/doctor/live.ts";
import { RELEASES } from "../../../harness/sandbox/release.ts";
import { listOrganizations } from "../../../harness/zitadel/organization.ts";
import { readConfig } from "../../../lib/config.ts";
import { FAULTS, partsOf } from "./_faults.ts";
import { examine, restore, soundInstance } from "./_sound_instance.ts";

for (const release of RELEASES) {
  Deno.test(`doctor finds nothing wrong on a sound instance of ${release}, and each fault`, async (t) => {
    const it = await soundInstance(release);
    await using _ = it.stack;
    const sound = await examine(it);
    const notWell = sound.filter(({ level }) => level !== "ok");
    assert.deepEqual(notWell, []);
    assert.equal(outcomeOf(sound), "done");

    const saved = structuredClone(it.sandbox.world);
    // The faults are the same on all; what differs is how they are read.
    const faults = release === "current"
      ? FAULTS
      : FAULTS.filter(({ name }) => !name.includes("encrypted"));
    for (const { name, finds: [check, level], make } of faults) {
      await t.step(name, async () => {
        const options = make(it, partsOf(it)) ?? {};
        const findings = await examine(it, options);
        const found = findings.filter((finding) =>
          finding.check === check && finding.level === level
        );
        assert.ok(
          found.length > 0,
          `expected ${level} ${check} in ${JSON.stringify(findings)}`,
        );
        assert.ok(found[0]!.why && found[0]!.fix);
        restore(it.sandbox.world, saved);
      });
    }
  });
}

Deno.test("every check of the doctor is provoked by a test", () => {
  const elsewhere: CheckId[] = ["release", "tls", "clock", "live"];
  const provoked = [...FAULTS.map(({ finds: [check] }) => check), ...elsewhere];
  assert.deepEqual(
    Object.keys(CHECKS).filter((check) => !provoked.includes(check as CheckId)),
    [],
  );
});

Deno.test("doctor says that a proxy keeps gRPC-web from the instance", async () => {
  const it = await soundInstance("current");
  await using _ = it.stack;
  const proxy = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) =>
      request.url.endsWith("/openid-configuration")
        ? new Response("ok")
        : new Response("404 page not found", { status: 404 }),
  );
  const findings = await examine(it, {
    settings: {
      ...it.settings,
      ZITADEL_DOMAIN: `http://127.0.0.1:${proxy.addr.port}`,
    },
  });
  await proxy.shutdown();
  const release = findings.find(({ check }) => check === "release");
  assert.equal(release?.level, "broken");
  assert.match(release!.seen, /no such API/);
});

Deno.test("judgeClock() compares with what the signature tolerates", () => {
  const levels = [0.4, -29, 31, -299, 300, -4000].map((seconds) =>
    judgeClock("its", seconds).level
  );
  assert.deepEqual(
    levels,
    ["ok", "ok", "warning", "warning", "broken", "broken"],
  );
  assert.equal(
    judgeClock("its", -4000).seen,
    "its clock is 4000 s behind this machine's",
  );
});

Deno.test("judgeTls() warns of plain http beyond this machine only", () => {
  const levels = [
    "https://a.example",
    "http://localhost:8080",
    "http://127.0.0.1",
    "http://a.example",
    "http://127.0.0.1.a.example",
  ].map((address) => judgeTls("it", address).level);
  assert.deepEqual(levels, ["ok", "ok", "ok", "warning", "warning"]);
});

Deno.test("outcomeOf() is that of the worst finding", () => {
  const of = (...levels: Level[]) =>
    outcomeOf(levels.map((level) => finding("mapping", level, "")));
  assert.deepEqual(
    [of("ok", "note"), of("note", "warning"), of("warning", "broken")],
    ["done", "warnings", "failed"],
  );
});

for (const release of RELEASES) {
  Deno.test(`proveLive() gets permissions by a real token on ${release} and leaves nothing`, async () => {
    const it = await soundInstance(release);
    await using _ = it.stack;
    const before = await listOrganizations(it.instance);
    const config = readConfig(it.settings);
    const { signal } = new AbortController();
    const found = await proveLive(it.instance, config, { signal });
    assert.equal(found.level, "ok", found.seen);
    assert.match(found.seen, /^6 tokens held the 4 permissions of 2 roles/);

    [...it.sandbox.world.targets.values()][0]!.endpoint = "http://127.0.0.1:9/";
    const broken = await proveLive(it.instance, config, { signal });
    assert.equal(broken.level, "broken");
    assert.match(broken.seen, /without the claim permissions/);
    assert.deepEqual(await listOrganizations(it.instance), before);
  });
}

Deno.test("proveLive() uses the mapping of a fixed organization", async () => {
  const it = await soundInstance("current");
  await using _ = it.stack;
  const config = readConfig({
    ...it.settings,
    METADATA_ORGANIZATION: it.scratch.organization.id,
  });
  const { signal } = new AbortController();
  const found = await proveLive(it.instance, config, { signal });
  // The running function reads the user's organization: it has the same mapping.
  assert.equal(found.level, "ok", found.seen);
});

Deno.test("proveLive() removes its organization when it is interrupted", async () => {
  const it = await soundInstance("current");
  await using _ = it.stack;
  const before = await listOrganizations(it.instance);
  const controller = new AbortController();
  const steps: string[] = [];
  await assert.rejects(
    proveLive(it.instance, readConfig(it.settings), {
      signal: controller.signal,
      onProgress: (what) => {
        steps.push(what);
        if (what === "token 2 of 6") controller.abort(new Error("Ctrl-C"));
      },
    }),
    /Ctrl-C/,
  );
  assert.ok(!steps.includes("token 4 of 6"));
  assert.deepEqual(await listOrganizations(it.instance), before);
});
