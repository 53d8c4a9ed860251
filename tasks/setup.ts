/**
 * `deno task setup`: connects the function to an instance, or takes it off.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { describeChange } from "../harness/operations/describe_change.ts";
import {
  type Mapping,
  parseMapping,
} from "../harness/operations/mapping_file.ts";
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
import type { Target, TargetSettings } from "../harness/zitadel/target.ts";

const HELP =
  `Connects the function to a ZITADEL instance; run again, it changes only what differs.

  deno task setup --endpoint URL [--roles FILE] [options]
  deno task setup --roles FILE                    the mapping only
  deno task setup --remove [--roles FILE] [options]

It creates or updates the target, writes its signing key into the env file, writes
the mapping into the organization's metadata, and binds the target to
preaccesstoken, keeping those that are bound already and their order. While the
function does not answer yet, all is done but the binding: start it with the key,
and run this again.

  --endpoint URL        where the function answers (default: as the target is)
  --roles FILE          the mapping: {"admin": ["read:all"]}, or by project
                        {"<project id>": {"admin": ["read:all"]}}
  --org ID              whose metadata takes the mapping
                        (default: METADATA_ORGANIZATION, or the token's own)
  --name NAME           the target's name (default "Authorization Webhook")
  --also LIST           bind to these too: preuserinfo, presamlresponse, events
  --timeout 10s         after how long ZITADEL gives up on the function
                        (default: as the target is; 10s for a new one)
  --interrupt-on-error  fail the login where the function fails; otherwise the
                        token comes without permissions (default: as the target
                        is; off for a new one; --no-interrupt-on-error: off)
  --env-file FILE       takes the signing key (default .env)
  --force               replace another signing key in the env file
  --skip-health         bind without asking the function's /healthz
  --remove              undo all of it; of the metadata, with --roles, the
                        entries that still say what the file says
  --dry-run             show what would change, change nothing
  --yes                 do not ask
  --json                print one JSON document
  --help                print this

Settings: ZITADEL_DOMAIN   ${DOMAIN_HINT}
          ZITADEL_ADMIN_TOKEN   ${ADMIN_TOKEN_HINT}
They are read from the environment, else from the env file.
Exit code: 0 done or nothing to do, 1 not confirmed, or not bound yet.`;

/** The conditions behind the words of `--also`. */
const ALSO: Readonly<Record<string, string>> = {
  preuserinfo: "function/preuserinfo",
  presamlresponse: "function/presamlresponse",
  events: "event/group/org.metadata",
};

/** The function's health is asked for at most this long, in milliseconds. */
const HEALTH_TIMEOUT_MS = 10_000;

/** What a new target is given where nothing else is asked for, in seconds. */
const DEFAULT_TIMEOUT_SECONDS = 10;

/**
 * Runs the task.
 *
 * @param args The command line.
 * @returns The exit code: 0 done or nothing to do, 1 not confirmed, or not
 * bound yet.
 */
export async function setup(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    allowNegative: true,
    options: {
      endpoint: { type: "string" },
      roles: { type: "string" },
      org: { type: "string" },
      name: { type: "string", default: "Authorization Webhook" },
      also: { type: "string" },
      timeout: { type: "string" },
      "interrupt-on-error": { type: "boolean" },
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
  const mapping: Mapping = values.roles === undefined
    ? new Map()
    : parseMapping(await Deno.readTextFile(values.roles));
  const organization = values.roles === undefined
    ? undefined
    : values.org ?? fixedOrganization(settings.METADATA_ORGANIZATION) ??
      (await ownOrganization(instance)).id;

  const place = { instance, organization, envFile };
  const state = await readState(place);
  const existing = state.targets.find((target) => target.name === name);
  const target = remove ? undefined : wishedTarget(values, existing);
  const trouble = target && !values["skip-health"]
    ? await healthTrouble(target.endpoint)
    : undefined;
  if (trouble && existing && existing.endpoint !== target?.endpoint) {
    throw new Error(
      `${trouble}. Start the function there first, or use --skip-health if it can be reached only from where ZITADEL runs`,
    );
  }
  const conditions = trouble
    ? []
    : ["function/preaccesstoken", ...conditionsOf(values.also ?? "")];
  const { force } = values;
  const changes = remove
    ? planRemoval(state, { name, mapping })
    : planSetup(state, { target, conditions, mapping, force });
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
      guardLogins: target?.interruptOnError === true && !values["skip-health"],
    });
  }
  if (json) {
    console.log(JSON.stringify({
      instance: instance.origin,
      organization,
      applied: !values["dry-run"],
      not_bound: trouble,
      changes: lines.flat(),
    }));
    return trouble ? 1 : 0;
  }
  if (changes.length > 0) {
    console.log(closingLine(changes.map(({ kind }) => kind), values));
  }
  if (trouble) {
    console.log(
      `${
        tint("warning", "Not bound:")
      } ${trouble}. Start or deploy it with the key in ${envFile}, then run this again`,
    );
  }
  return trouble ? 1 : 0;
}

/** What the target is to be like; `undefined` where only the mapping is wished for. */
function wishedTarget(
  values: {
    readonly name: string;
    readonly endpoint?: string | undefined;
    readonly also?: string | undefined;
    readonly timeout?: string | undefined;
    readonly roles?: string | undefined;
    readonly "interrupt-on-error"?: boolean | undefined;
  },
  existing: Target | undefined,
): TargetSettings | undefined {
  const { name, endpoint, also, timeout, roles } = values;
  const interrupt = values["interrupt-on-error"];
  const isWished = [endpoint, also, timeout, interrupt]
    .some((value) => value !== undefined);
  if (!isWished && roles !== undefined) return undefined;
  if (endpoint === undefined && existing === undefined) {
    throw new UsageError(
      `--endpoint is missing: there is no target "${name}" yet, so where does the function answer?`,
    );
  }
  return {
    name,
    endpoint: endpoint === undefined
      ? existing!.endpoint
      : endpointOf(endpoint),
    timeoutSeconds: timeout === undefined
      ? existing?.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS
      : parseSeconds(timeout, "--timeout"),
    interruptOnError: interrupt ?? existing?.interruptOnError ?? false,
  };
}

function closingLine(
  kinds: readonly string[],
  options: { "dry-run": boolean; remove: boolean; "env-file": string },
): string {
  if (options["dry-run"]) return "Nothing was changed (--dry-run).";
  if (options.remove) return tint("good", "Removed.");
  const next = kinds.includes("write-key")
    ? `Restart or deploy the function with the key in ${
      options["env-file"]
    }, then run \`deno task doctor\`.`
    : "Run `deno task doctor` to see that it works.";
  return `${tint("good", "Done.")} ${next}`;
}

function endpointOf(text: string): string {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(
      `--endpoint ${text}: expected a URL such as https://my-function.example.com/`,
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

/** Says what is wrong with the function's health, and nothing where it is well. */
async function healthTrouble(endpoint: string): Promise<string | undefined> {
  const url = new URL("/healthz", endpoint);
  try {
    const signal = AbortSignal.timeout(HEALTH_TIMEOUT_MS);
    const response = await fetch(url, { signal });
    await response.body?.cancel();
    return response.status === 200
      ? undefined
      : `The function answers ${response.status} instead of 200 at ${url}`;
  } catch (error) {
    return `The function does not answer at ${url} (${messageOf(error)})`;
  }
}

if (import.meta.main) await runTask(setup);
