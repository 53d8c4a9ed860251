import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { parse, parseAllDocuments } from "yaml";
import { readConfig, SETTINGS } from "../../lib/config/settings.ts";
import { DRAIN_MS } from "../../lib/util/keep_serving.ts";
import { readArguments } from "../../harness/cli/arguments.ts";
import {
  checkSetupOptions,
  SETUP_OPTIONS,
} from "../../harness/setup/command_line.ts";
import { parseEnv } from "../../harness/cli/env_file.ts";
import { roles } from "../../tasks/roles.ts";
import { createTestIo } from "../harness/_test_io.ts";
import { formatEnvExample, readSettingsTable } from "../_settings_table.ts";
import { read, ROOT } from "../_source_files.ts";

const EXAMPLES = new URL("examples/", ROOT);

/** The port that the function listens on by default. */
const PORT = Number(SETTINGS.PORT.default);
/** The port of a denokv server. */
const KV_PORT = 4512;
/** Variables of the environment that are no settings, but that Deno KV reads. */
const OF_DENO = ["DENO_KV_ACCESS_TOKEN"];
/** And those of its exporter. */
const OF_EXPORTER = /^(?:OTEL_\w+|POD_NAME)$/;

// deno-lint-ignore no-explicit-any -- YAML of different kinds
type Yaml = any;

async function manifestsOf(path: string): Promise<Map<string, Yaml>> {
  const documents = parseAllDocuments(await read(path));
  return new Map(documents.map((document) => {
    assert.deepEqual(document.errors, []);
    const manifest: Yaml = document.toJS();
    return [`${manifest.kind} ${manifest.metadata.name}`, manifest];
  }));
}

const compose: Yaml = parse(await read("examples/compose.yaml"));
const manifests = await manifestsOf("examples/kubernetes.yaml");
const operator = await manifestsOf("examples/operator-job.yaml");
const { spec: deployment } = manifests.get("Deployment permissions-function")!;
const { spec: pod } = deployment.template;
const [container] = pod.containers;
const { template: job } = operator.get("Job permissions-operator")!.spec;

const settingsOf = ({ volumes }: Yaml) =>
  volumes.find(({ name }: Yaml) => name === "settings").secret.secretName;
const valueOf = (name: string) =>
  container.env.find((it: Yaml) => it.name === name)?.value;

Deno.test("examples/.env.example is the README's settings table, and starts the function once the required settings are filled in", async () => {
  const required = {
    ZITADEL_DOMAIN: "my-instance.zitadel.cloud",
    AUTHORIZATION_SIGNING_KEY: "key",
    ACCESS_TOKEN: "token",
  };
  const text = await read("examples/.env.example");
  const rows = readSettingsTable(await read("README.md"));
  assert.equal(text, formatEnvExample(rows), "run tests/_settings_table.ts");
  const defaults = parseEnv(text.replace(/^# (?=[A-Z_]+=)/gm, ""));
  assert.deepEqual(Object.keys(defaults), Object.keys(SETTINGS));
  assert.deepEqual(
    readConfig({ ...defaults, ...required }),
    readConfig(required),
  );
});

Deno.test("examples/roles.json passes `roles check`, and names its schema", async () => {
  const path = new URL("examples/roles.json", ROOT);
  const { io, printed } = createTestIo();
  assert.equal(
    await roles.run(["check", fileURLToPath(path)], io),
    0,
    printed(),
  );
  const { $schema } = JSON.parse(await Deno.readTextFile(path));
  await Deno.stat(new URL($schema, path));
});

Deno.test("examples/compose.yaml runs the function with a KV server", async () => {
  const { function: service, denokv } = compose.services;
  assertSettings(Object.keys(service.environment));
  const build = new URL(`${service.build.context}/`, EXAMPLES);
  await Deno.stat(new URL(service.build.dockerfile, build));
  assert.deepEqual(service.ports, [`${PORT}:${PORT}`]);
  // Those of .env are for another place.
  assert.equal(service.environment.PORT, PORT);
  assert.equal(service.environment.HOST, SETTINGS.HOST.default);
  for (const { volumes = [] } of Object.values<Yaml>(compose.services)) {
    for (const [path] of volumes.map((it: string) => it.split(":"))) {
      if (path.startsWith(".")) await Deno.stat(new URL(path, EXAMPLES));
    }
  }
  assert.equal(service.environment.KV_URL, `http://denokv:${KV_PORT}`);
  assert.deepEqual(denokv.command.slice(-1), ["serve"]);
  assert.deepEqual(Object.keys(denokv.environment), OF_DENO);
  assert.ok(parseInt(service.stop_grace_period) * 1_000 > DRAIN_MS);
});

Deno.test("examples/kubernetes.yaml serves and drains", () => {
  assert.equal(deployment.replicas, 2);
  assertSettings(container.env.map(({ name }: Yaml) => name));
  const [{ name: port, containerPort }] = container.ports;
  assert.equal(containerPort, PORT);
  assert.equal(valueOf("PORT"), String(PORT));
  assert.equal(valueOf("HOST"), SETTINGS.HOST.default);
  for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"]) {
    assert.deepEqual(container[probe].httpGet, { path: "/healthz", port });
  }
  const [command, seconds] = container.lifecycle.preStop.exec.command;
  assert.equal(command, "sleep");
  const grace = pod.terminationGracePeriodSeconds - seconds;
  assert.ok(grace * 1_000 > DRAIN_MS);
  assert.ok(manifests.get("PodDisruptionBudget permissions-function"));
});

Deno.test("the Kubernetes examples run with the least rights", () => {
  const { template: kv } = manifests.get("StatefulSet permissions-kv")!.spec;
  for (const { spec } of [deployment.template, kv, job]) {
    assert.equal(spec.automountServiceAccountToken, false);
    assert.equal(spec.securityContext.runAsNonRoot, true);
    const [{ securityContext }] = spec.containers;
    assert.equal(securityContext.readOnlyRootFilesystem, true);
    assert.equal(securityContext.allowPrivilegeEscalation, false);
    assert.deepEqual(securityContext.capabilities, { drop: ["ALL"] });
  }
});

Deno.test("examples/kubernetes.yaml refers to its secrets, and holds none", async () => {
  const mount = container.volumeMounts.find(({ name }: Yaml) =>
    name === "settings"
  );
  assert.equal(container.args.at(-1), `${mount.mountPath}/.env`);
  assert.equal(mount.readOnly, true);
  assert.ok(![...manifests.keys()].some((key) => key.startsWith("Secret")));
  const create = `create secret generic ${settingsOf(pod)} --from-file=.env`;
  assert.ok((await read("examples/kubernetes.yaml")).includes(create));
});

Deno.test("examples/kubernetes.yaml connects services, ports and policies by their names", () => {
  for (const name of ["permissions-function", "permissions-kv"]) {
    const { spec: service } = manifests.get(`Service ${name}`)!;
    const { spec: policy } = manifests.get(`NetworkPolicy ${name}`)!;
    const { spec: workload } = manifests.get(`Deployment ${name}`) ??
      manifests.get(`StatefulSet ${name}`)!;
    const { labels } = workload.template.metadata;
    const [port] = workload.template.spec.containers[0].ports;
    assert.deepEqual(workload.selector.matchLabels, labels);
    assert.deepEqual(service.selector, labels);
    assert.equal(service.ports[0].targetPort, port.name);
    assert.deepEqual(policy.podSelector.matchLabels, labels);
    assert.equal(policy.ingress[0].ports[0].port, port.name);
  }
  const collector = new URL(valueOf("OTEL_EXPORTER_OTLP_ENDPOINT"));
  const { egress } = manifests.get("NetworkPolicy permissions-function")!.spec;
  const open = egress.flatMap(({ ports }: Yaml) => ports)
    .map(({ port }: Yaml) => port);
  assert.ok(open.includes(Number(collector.port)));
  const [{ port }] = manifests.get("Service permissions-kv")!.spec.ports;
  assert.equal(valueOf("KV_URL"), `http://permissions-kv:${port}`);
  assert.equal(port, KV_PORT);
});

Deno.test("examples/operator-job.yaml runs a setup that exists, with the function's settings, and may call it", () => {
  const [, args] = job.spec.containers[0].args[0].split(
    "deno task --quiet setup ",
  );
  checkSetupOptions(readArguments(args.split(" "), { options: SETUP_OPTIONS }));
  assert.equal(settingsOf(job.spec), settingsOf(pod));
  const { spec: policy } = operator.get("NetworkPolicy permissions-operator")!;
  const [{ from: [from], ports: [port] }] = policy.ingress;
  assert.deepEqual(from.podSelector.matchLabels, job.metadata.labels);
  assert.equal(port.port, container.ports[0].name);
});

Deno.test("Containerfile builds the function unless the operator's commands are asked for", async () => {
  const stages = (await read("Containerfile")).matchAll(
    /^FROM \S+(?: AS (\S+))?$/gm,
  );
  const names = Array.from(stages, ([, name]) => name);
  assert.deepEqual(names, ["build", "operator", undefined]);
  const { build, profiles, environment } = compose.services.operator;
  assert.equal(build.target, "operator");
  assert.deepEqual(profiles, ["operator"]);
  assert.deepEqual(environment, ["ZITADEL_ADMIN_TOKEN"]);
  assert.equal(compose.services.function.build.target, undefined);
});

Deno.test("examples/terraform writes the whole env file, each setting on a line without quotes", async () => {
  const text = await read("examples/terraform/main.tf");
  const [, body] = text.split("  settings = merge(var.settings, {\n");
  const [block] = body!.split("\n  })\n");
  const names = block!.matchAll(/^ {4}([A-Z_]+) +=/gm).map(([, name]) => name!);
  assert.deepEqual([...names], [
    ...["ZITADEL_DOMAIN", "METADATA_ORGANIZATION", "PROJECTS"],
    ...["AUTHORIZATION_SIGNING_KEY", "SERVICE_ACCOUNT_KEY"],
  ]);
  assert.ok(text.includes('"${name}=${value}\\n" if value != ""]'));
});

function assertSettings(names: readonly string[]): void {
  const known = [...Object.keys(SETTINGS), ...OF_DENO];
  const unknown = names.filter((name) =>
    !known.includes(name) && !OF_EXPORTER.test(name)
  );
  assert.deepEqual(unknown, []);
  // Ports and probes hold whatever the env file says.
  assert.ok(names.includes("PORT") && names.includes("HOST"));
}
