import assert from "node:assert/strict";
import { type CheckId, CHECKS } from "../../../harness/doctor/checks.ts";
import { diagnose } from "../../../harness/doctor/diagnose.ts";
import {
  exitCode,
  type Finding,
  finding,
  type Level,
} from "../../../harness/doctor/finding.ts";
import {
  gatherFacts,
  type GatherOptions,
} from "../../../harness/doctor/gather.ts";
import {
  judgeClock,
  judgeTls,
} from "../../../harness/doctor/judge_instance.ts";
import { proveLive } from "../../../harness/doctor/live.ts";
import { parseEnv } from "../../../harness/operations/env_file.ts";
import { applyChanges, readState } from "../../../harness/operations/setup.ts";
import { planSetup } from "../../../harness/operations/setup_plan.ts";
import { RELEASES } from "../../../harness/sandbox/release.ts";
import {
  type Release,
  startSandbox,
  type World as SandboxWorld,
} from "../../../harness/sandbox/sandbox.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import { listOrganizations } from "../../../harness/zitadel/organization.ts";
import { createWorld } from "../../../harness/zitadel/world.ts";
import { readConfig } from "../../../lib/config.ts";
import { startFunction } from "../_function_server.ts";

/** A sandbox with a world in which nothing is wrong, and the function beside it. */
async function soundWorld(release: Release) {
  const stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox({ release }));
  const instance = connect(sandbox.origin, sandbox.adminToken);
  const world = stack.use(await createWorld(instance));
  const envFile = await Deno.makeTempFile({ suffix: ".env" });
  stack.defer(() => Deno.remove(envFile));
  const { clientId, clientSecret } = world.reader;
  await Deno.writeTextFile(
    envFile,
    `ZITADEL_DOMAIN=${sandbox.origin}\nCLIENT_ID=${clientId}\nCLIENT_SECRET=${clientSecret}\n`,
  );
  const server = stack.use(startFunction(envFile, sandbox.origin));
  const place = { instance, organization: undefined, envFile };
  const changes = planSetup(await readState(place), {
    target: {
      name: "ours",
      endpoint: server.endpoint,
      timeoutSeconds: 10,
      interruptOnError: false,
    },
    conditions: ["function/preaccesstoken", "event/group/org.metadata"],
    mapping: new Map(),
    force: false,
  });
  await applyChanges(place, changes);
  await server.reload();
  const settings = {
    ...parseEnv(await Deno.readTextFile(envFile)),
    ZITADEL_ADMIN_TOKEN: sandbox.adminToken,
  };
  return { stack, sandbox, world, instance, settings };
}

type Sound = Awaited<ReturnType<typeof soundWorld>>;

async function examine(
  it: Sound,
  options: Partial<GatherOptions> = {},
): Promise<Finding[]> {
  return diagnose(
    await gatherFacts({
      settings: it.settings,
      organizations: [it.world.organization.id],
      ...options,
    }),
  );
}

/** Puts a sandbox's world back as it was. */
function restore(world: SandboxWorld, saved: SandboxWorld): void {
  const copy = structuredClone(saved);
  for (const [name, value] of Object.entries(copy)) {
    const current = world[name as keyof SandboxWorld] as unknown;
    if (value instanceof Map && current instanceof Map) {
      current.clear();
      for (const [key, item] of value) current.set(key, item);
    }
  }
  world.members.splice(0, Infinity, ...copy.members);
}

interface Fault {
  readonly name: string;
  readonly finds: readonly [CheckId, Level];
  /** Makes the fault, and says how to look for it. */
  readonly make: (
    it: Sound,
    parts: ReturnType<typeof partsOf>,
  ) => Partial<GatherOptions> | void;
}

/** The parts of the sandbox's world that faults are made in. */
function partsOf({ sandbox, world, settings }: Sound) {
  const state = sandbox.world;
  const target = [...state.targets.values()][0]!;
  return {
    state,
    target,
    settings,
    executions: [...state.executions.values()],
    access: [...state.executions.values()].find(({ condition }) =>
      "function" in condition && condition.function === "preaccesstoken"
    )!,
    organization: state.organizations.get(world.organization.id)!,
    project: state.projects.get(world.project.id)!,
    app: [...state.apps.values()].find(({ clientId }) =>
      clientId === world.application.clientId
    )!,
    otherTarget: () => {
      const id = "300000000000000001";
      state.targets.set(id, {
        ...structuredClone(target),
        id,
        name: "other",
        signingKey: "otherKey",
      });
      return id;
    },
  };
}

const value = (text: string) => new TextEncoder().encode(text);

const FAULTS: readonly Fault[] = [
  {
    name: "a setting is missing",
    finds: ["settings", "broken"],
    make: (_it, { settings }) => ({
      settings: { ...settings, CLIENT_SECRET: undefined },
    }),
  },
  {
    name: "the instance does not answer",
    finds: ["reachable", "broken"],
    make: (_it, { settings }) => ({
      settings: { ...settings, ZITADEL_DOMAIN: "http://127.0.0.1:9" },
    }),
  },
  {
    name: "the credential is refused",
    finds: ["credential", "broken"],
    make: (_it, { settings }) => ({
      settings: { ...settings, CLIENT_SECRET: "wrong" },
    }),
  },
  {
    name: "the personal access token expires soon",
    finds: ["expiry", "warning"],
    make: ({ world }, { state, settings }) => {
      const token = state.accessTokens.get(world.reader.token)!;
      token.expiresAt = Date.now() / 1000 + 3 * 24 * 60 * 60;
      const { CLIENT_ID: _, CLIENT_SECRET: __, ...others } = settings as Record<
        string,
        string
      >;
      return { settings: { ...others, ACCESS_TOKEN: world.reader.token } };
    },
  },
  {
    name: "the service user may not read the organization",
    finds: ["org_read", "broken"],
    make: ({ world }, { state }) => {
      const place = state.members.findIndex(({ userId }) =>
        userId === world.reader.id
      );
      state.members.splice(place, 1);
    },
  },
  {
    name: "the service user may not read some of all organizations",
    finds: ["org_read", "warning"],
    make: () => ({ organizations: [] }),
  },
  {
    name: "there is no admin token",
    finds: ["admin", "note"],
    make: (_it, { settings }) => ({
      settings: { ...settings, ZITADEL_ADMIN_TOKEN: undefined },
    }),
  },
  {
    name: "the admin token has no role",
    finds: ["admin", "broken"],
    make: ({ world }, { settings }) => ({
      settings: { ...settings, ZITADEL_ADMIN_TOKEN: world.reader.token },
    }),
  },
  {
    name: "no target signs with the key",
    finds: ["target", "broken"],
    make: (_it, { target }) => void (target.signingKey = "another"),
  },
  {
    name: "a key is that of no target",
    finds: ["spare_key", "note"],
    make: (_it, { settings, target }) => ({
      settings: {
        ...settings,
        AUTHORIZATION_SIGNING_KEY: `${target.signingKey},left-over`,
      },
    }),
  },
  {
    name: "the target's answer is ignored",
    finds: ["answer", "broken"],
    make: (_it, { target }) => void (target.type = "restWebhook"),
  },
  {
    name: "payloads are encrypted and there is no key",
    finds: ["payload_type", "broken"],
    make: (_it, { target }) => void (target.payloadType = "jwe"),
  },
  {
    name: "ZITADEL gives up before the function does",
    finds: ["timeout", "warning"],
    make: (_it, { target }) => void (target.timeoutMs = 1_000),
  },
  {
    name: "a login may hang for a minute",
    finds: ["timeout", "warning"],
    make: (_it, { target }) => void (target.timeoutMs = 60_000),
  },
  {
    name: "interruptOnError is on",
    finds: ["interrupt", "note"],
    make: (_it, { target }) => void (target.interruptOnError = true),
  },
  {
    name: "the target is bound to no function",
    finds: ["bound", "broken"],
    make: (_it, { state }) => state.executions.clear(),
  },
  {
    name: "the target is bound to preuserinfo only",
    finds: ["bound", "note"],
    make: (_it, { access }) =>
      void (access.condition = { function: "preuserinfo" }),
  },
  {
    name: "another target is called before",
    finds: ["bound_before", "note"],
    make: (_it, { access, otherTarget }) =>
      void access.targets.unshift(otherTarget()),
  },
  {
    name: "another target is called after",
    finds: ["bound_after", "warning"],
    make: (_it, { access, otherTarget }) =>
      void access.targets.push(otherTarget()),
  },
  {
    name: "events are not bound",
    finds: ["events", "note"],
    make: (_it, { state, access }) => {
      state.executions.clear();
      state.executions.set("access", access);
    },
  },
  {
    name: "nothing answers at the endpoint",
    finds: ["canary", "broken"],
    make: (_it, { target }) => void (target.endpoint = "http://127.0.0.1:9/"),
  },
  {
    name: "the running function has another key",
    finds: ["canary", "broken"],
    make: (_it, { settings, target }) => {
      target.signingKey = "another";
      return {
        settings: { ...settings, AUTHORIZATION_SIGNING_KEY: "another" },
      };
    },
  },
  {
    name: "the client id is nobody's",
    finds: ["client", "broken"],
    make: () => ({ clientId: "1" }),
  },
  {
    name: "an application gets opaque tokens",
    finds: ["opaque_tokens", "warning"],
    make: (_it, { app }) => void (app.accessToken = "opaque"),
  },
  {
    name: "the application asked for gets opaque tokens",
    finds: ["opaque_tokens", "broken"],
    make: (_it, { app }) => {
      app.accessToken = "opaque";
      return { clientId: app.clientId };
    },
  },
  {
    name: "an application gets opaque tokens and preuserinfo is bound",
    finds: ["opaque_tokens", "note"],
    make: (_it, { app, state, access }) => {
      app.accessToken = "opaque";
      state.executions.set("more", {
        ...access,
        condition: { function: "preuserinfo" },
      });
    },
  },
  {
    name: "the project does not assert roles",
    finds: ["role_assertion", "warning"],
    make: (_it, { project }) => void (project.roleAssertion = false),
  },
  {
    name: "there is no mapping",
    finds: ["mapping", "warning"],
    make: (_it, { organization }) => organization.metadata.clear(),
  },
  {
    name: "a role's value cannot be read",
    finds: ["unreadable_value", "broken"],
    make: (_it, { organization }) =>
      void (organization.metadata.get("admin")!.value = value('["a", 1]')),
  },
  {
    name: "a value that is no role's cannot be read",
    finds: ["unreadable_value", "note"],
    make: (_it, { organization }) =>
      void organization.metadata.set("note", {
        ...organization.metadata.get("admin")!,
        value: value("{}"),
      }),
  },
  {
    name: "a role has no entry",
    finds: ["unmapped_role", "warning"],
    make: (_it, { organization }) => void organization.metadata.delete("admin"),
  },
  {
    name: "an entry is no role's",
    finds: ["unused_entry", "note"],
    make: (_it, { organization }) =>
      void organization.metadata.set(
        "admni",
        organization.metadata.get("admin")!,
      ),
  },
  {
    name: "two projects have a role of one name",
    finds: ["shared_name", "warning"],
    make: (_it, { state, project }) => {
      const id = "300000000000000002";
      state.projects.set(id, { ...project, id, name: "Warehouse" });
    },
  },
  {
    name: "a role adds 5 kB to a token",
    finds: ["claim_size", "warning"],
    make: (_it, { organization }) =>
      void (organization.metadata.get("admin")!.value = value(
        JSON.stringify(["x".repeat(5_000)]),
      )),
  },
];

for (const release of RELEASES) {
  Deno.test(`doctor finds nothing in a sound world on ${release}, and each fault`, async (t) => {
    const it = await soundWorld(release);
    await using _ = it.stack;
    const sound = await examine(it);
    const notWell = sound.filter(({ level }) => level !== "ok");
    assert.deepEqual(notWell, []);
    assert.equal(exitCode(sound), 0);

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
        assert.ok(found[0]!.why && found[0]!.mend);
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
  const it = await soundWorld("current");
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

Deno.test("exitCode() is that of the worst finding", () => {
  const of = (...levels: Level[]) =>
    exitCode(levels.map((level) => finding("mapping", level, "")));
  assert.deepEqual(
    [of("ok", "note"), of("note", "warning"), of("warning", "broken")],
    [0, 1, 2],
  );
});

for (const release of RELEASES) {
  Deno.test(`proveLive() gets permissions by a real token on ${release} and leaves nothing`, async () => {
    const it = await soundWorld(release);
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
  const it = await soundWorld("current");
  await using _ = it.stack;
  const config = readConfig({
    ...it.settings,
    METADATA_ORGANIZATION: it.world.organization.id,
  });
  const { signal } = new AbortController();
  const found = await proveLive(it.instance, config, { signal });
  // The running function reads the user's organization: it has the same mapping.
  assert.equal(found.level, "ok", found.seen);
});

Deno.test("proveLive() removes its organization when it is interrupted", async () => {
  const it = await soundWorld("current");
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
