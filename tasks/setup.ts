/**
 * `deno task setup`: connects the function to an instance, or takes it off.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { describeChange } from "../harness/operations/describe_change.ts";
import { parseMapping } from "../harness/operations/mapping_file.ts";
import { applyChanges, readState } from "../harness/operations/setup.ts";
import { planRemoval, planSetup } from "../harness/operations/setup_plan.ts";
import {
  ADMIN_TOKEN_HINT,
  DOMAIN_HINT,
  parseSeconds,
  readSettings,
  required,
  runTask,
  UsageError,
} from "../harness/operations/task.ts";
import {
  ask,
  formatDiffLine,
  messageOf,
  tint,
} from "../harness/operations/terminal.ts";
import { connect } from "../harness/zitadel/client.ts";
import { ownOrganization } from "../harness/zitadel/organization.ts";

const HELP =
  `Connects the function to a ZITADEL instance; run again, it changes only what differs.

  deno task setup --endpoint URL [--roles FILE] [options]
  deno task setup --remove [--roles FILE] [options]

It creates or updates the target, writes its signing key into the env file,
writes the mapping into the organization's metadata, and binds the target,
keeping those that are bound already and their order.

  --endpoint URL        where the function answers
  --roles FILE          the mapping: {"admin": ["read:all"]}, or by project
                        {"<project id>": {"admin": ["read:all"]}}
  --org ID              whose metadata takes the mapping
                        (default: METADATA_ORGANIZATION, or the token's own)
  --name NAME           the target's name (default "${"Authorization Webhook"}")
  --also LIST           bind to these too: preuserinfo, presamlresponse, events
  --timeout 10s         after how long ZITADEL gives up on the function
  --interrupt-on-error  fail the login where the function fails; otherwise the
                        token comes without permissions
  --env-file FILE       takes the signing key (default .env)
  --force               replace another signing key in the env file
  --skip-health         do not ask the function's /healthz first
  --remove              undo all of it; of the metadata, with --roles, the
                        entries that still say what the file says
  --dry-run             show what would change, change nothing
  --yes                 do not ask
  --json                print one JSON document
  --help                print this

Settings: ZITADEL_DOMAIN   ${DOMAIN_HINT}
          ZITADEL_ADMIN_TOKEN   ${ADMIN_TOKEN_HINT}
They are read from the environment, else from the env file.`;

/** The conditions behind the words of `--also`. */
const ALSO: Readonly<Record<string, string>> = {
  preuserinfo: "function/preuserinfo",
  presamlresponse: "function/presamlresponse",
  events: "event/group/org.metadata",
};

/** The function's health is asked for at most this long, in milliseconds. */
const HEALTH_TIMEOUT_MS = 10_000;

/**
 * Runs the task.
 *
 * @param args The command line.
 * @returns The exit code: 0 done or nothing to do, 1 not confirmed.
 */
export async function setup(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      endpoint: { type: "string" },
      roles: { type: "string" },
      org: { type: "string" },
      name: { type: "string", default: "Authorization Webhook" },
      also: { type: "string", default: "" },
      timeout: { type: "string", default: "10s" },
      "interrupt-on-error": { type: "boolean", default: false },
      "env-file": { type: "string", default: ".env" },
      force: { type: "boolean", default: false },
      "skip-health": { type: "boolean", default: false },
      remove: { type: "boolean", default: false },
      "dry-run": { type: "boolean", default: false },
      yes: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const { name, remove, json, "env-file": envFile } = values;
  const settings = await readSettings(envFile);
  const instance = connect(
    required(settings, "ZITADEL_DOMAIN", DOMAIN_HINT),
    required(settings, "ZITADEL_ADMIN_TOKEN", ADMIN_TOKEN_HINT),
  );
  const mapping = values.roles === undefined
    ? new Map()
    : parseMapping(await Deno.readTextFile(values.roles));
  const organization = values.roles === undefined
    ? undefined
    : values.org ?? fixedOrganization(settings.METADATA_ORGANIZATION) ??
      (await ownOrganization(instance)).id;
  const endpoint = remove ? "" : endpointOf(values.endpoint);
  if (!remove && !values["skip-health"]) await checkHealth(endpoint);

  const place = { instance, organization, envFile };
  const state = await readState(place);
  const changes = remove ? planRemoval(state, { name, mapping }) : planSetup(
    state,
    {
      target: {
        name,
        endpoint,
        timeoutSeconds: parseSeconds(values.timeout, "--timeout"),
        interruptOnError: values["interrupt-on-error"],
      },
      conditions: ["function/preaccesstoken", ...conditionsOf(values.also)],
      mapping,
      force: values.force,
    },
  );
  const lines = changes.map((change) =>
    describeChange(change, { targets: state.targets, name, envFile })
  );

  if (!json) {
    console.log(`Instance      ${instance.origin}`);
    if (organization) console.log(`Organization  ${organization}`);
    if (changes.length === 0) console.log("Nothing to change.");
    for (const line of lines.flat()) console.log(formatDiffLine(line));
  }
  const confirmed = changes.length === 0 || values["dry-run"] || values.yes ||
    (json ? undefined : ask("Make these changes?"));
  if (!confirmed) {
    if (confirmed === undefined) {
      console.error("Nothing was changed: nobody can be asked here. Use --yes");
    }
    return 1;
  }
  if (!values["dry-run"]) {
    await applyChanges(place, changes, {
      guardLogins: values["interrupt-on-error"] && !values["skip-health"],
    });
  }
  if (json) {
    console.log(JSON.stringify({
      instance: instance.origin,
      organization,
      applied: !values["dry-run"],
      changes: lines.flat(),
    }));
  } else if (changes.length > 0) {
    console.log(closingLine(changes.map(({ kind }) => kind), values));
  }
  return 0;
}

function closingLine(
  kinds: readonly string[],
  options: { "dry-run": boolean; remove: boolean; "env-file": string },
): string {
  if (options["dry-run"]) return "Nothing was changed (--dry-run).";
  if (options.remove) return tint("good", "Removed.");
  const next = kinds.includes("write-key")
    ? `Start or deploy the function with the key in ${
      options["env-file"]
    }, then run \`deno task doctor\`.`
    : "Run `deno task doctor` to see that it works.";
  return `${tint("good", "Done.")} ${next}`;
}

function endpointOf(text: string | undefined): string {
  const url = URL.parse(text ?? "");
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(
      "--endpoint is missing or not a URL: where does the function answer, as in https://my-function.example.deno.net/?",
    );
  }
  return url.href;
}

function conditionsOf(list: string): string[] {
  return list.split(",").filter(Boolean).map((word) => {
    const condition = ALSO[word.trim()];
    if (condition === undefined) {
      throw new UsageError(
        `--also ${word}: expected ${Object.keys(ALSO).join(", ")}`,
      );
    }
    return condition;
  });
}

function fixedOrganization(value: string | undefined): string | undefined {
  return value === "user" || value === "grant" ? undefined : value || undefined;
}

async function checkHealth(endpoint: string): Promise<void> {
  const url = new URL("/healthz", endpoint);
  const advice =
    "Start the function first, or use --skip-health if it can be reached only from where ZITADEL runs";
  let status: number;
  try {
    const signal = AbortSignal.timeout(HEALTH_TIMEOUT_MS);
    const response = await fetch(url, { signal });
    await response.body?.cancel();
    status = response.status;
  } catch (error) {
    throw new Error(
      `The function does not answer at ${url}: ${messageOf(error)}. ${advice}`,
    );
  }
  if (status !== 200) {
    throw new Error(`${url} answered ${status} instead of 200. ${advice}`);
  }
}

if (import.meta.main) await runTask(setup);
