import assert from "node:assert/strict";
import { parse, parseAllDocuments } from "yaml";
import { SETTINGS } from "../../lib/config/settings.ts";
import { readArguments } from "../../harness/cli/arguments.ts";
import {
  checkSetupOptions,
  SETUP_OPTIONS,
} from "../../harness/setup/command_line.ts";
import { ROOT } from "../_source_files.ts";

const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));

// deno-lint-ignore no-explicit-any -- YAML of different kinds
type Yaml = any;

async function manifestsOf(path: string): Promise<Map<string, Yaml>> {
  const documents = parseAllDocuments(await read(path));
  return new Map(documents.map((document) => {
    const manifest: Yaml = document.toJS();
    return [`${manifest.kind} ${manifest.metadata.name}`, manifest];
  }));
}

Deno.test("Containerfile builds the function unless the operator's commands are asked for", async () => {
  const stages = [...(await read("Containerfile")).matchAll(
    /^FROM \S+(?: AS (\S+))?$/gm,
  )].map(([, name]) => name);
  assert.deepEqual(stages, ["build", "operator", undefined]);
  const { services } = parse(await read("examples/compose.yaml"));
  const { build, profiles, environment } = services.operator;
  assert.equal(build.target, "operator");
  assert.deepEqual(profiles, ["operator"]);
  assert.deepEqual(environment, ["ZITADEL_ADMIN_TOKEN"]);
  assert.equal(services.function.build.target, undefined);
});

Deno.test("examples/operator-job.yaml runs a setup that exists, with the least rights, and may call the function", async () => {
  const job = await manifestsOf("examples/operator-job.yaml");
  const served = await manifestsOf("examples/kubernetes.yaml");
  const { spec: pod, metadata } =
    job.get("Job permissions-operator")!.spec.template;
  const [container] = pod.containers;
  const [, args] = container.args[0].split("deno task --quiet setup ");
  checkSetupOptions(readArguments(args.split(" "), { options: SETUP_OPTIONS }));
  assert.equal(pod.securityContext.runAsNonRoot, true);
  assert.equal(container.securityContext.readOnlyRootFilesystem, true);
  assert.deepEqual(container.securityContext.capabilities, { drop: ["ALL"] });
  const { spec: ours } = served.get("Deployment permissions-function")!.spec
    .template;
  assert.equal(
    pod.volumes.find((it: Yaml) => it.name === "settings").secret.secretName,
    ours.volumes.find((it: Yaml) => it.name === "settings").secret.secretName,
  );
  const { spec: policy } = job.get("NetworkPolicy permissions-operator")!;
  const [{ from: [from], ports: [port] }] = policy.ingress;
  assert.deepEqual(from.podSelector.matchLabels, metadata.labels);
  assert.equal(port.port, ours.containers[0].ports[0].name);
});

Deno.test("examples/terraform writes the whole env file, each setting on a line without quotes", async () => {
  const text = await read("examples/terraform/main.tf");
  const [, body] = text.split("  settings = merge(var.settings, {\n");
  const names = [...body!.split("\n  })\n")[0]!.matchAll(/^ {4}([A-Z_]+) +=/gm)]
    .map(([, name]) => name!);
  assert.deepEqual(names, [
    "ZITADEL_DOMAIN",
    "METADATA_ORGANIZATION",
    "PROJECTS",
    "AUTHORIZATION_SIGNING_KEY",
    "SERVICE_ACCOUNT_KEY",
  ]);
  assert.deepEqual(names.filter((name) => !Object.hasOwn(SETTINGS, name)), []);
  assert.ok(text.includes('"${name}=${value}\\n" if value != ""]'));
});
