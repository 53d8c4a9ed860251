/**
 * `deno task setup`: connects the function to an instance, or takes it off.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { describeChange } from "../harness/setup/describe_change.ts";
import { type Mapping, readMappingFile } from "../harness/roles/roles_file.ts";
import { applyChanges, readState } from "../harness/setup/setup.ts";
import { conditionsOf } from "../harness/setup/conditions.ts";
import {
  type Change,
  DOMAIN_SETTING,
  NEW_TARGET,
  planRemoval,
  planSetup,
} from "../harness/setup/plan.ts";
import { healthTrouble, keyTrouble } from "../harness/setup/trouble.ts";
import {
  ADMIN_TOKEN_HINT,
  DOMAIN_HINT,
  parseSeconds,
  readSettings,
  required,
  runTask,
  UsageError,
} from "../harness/cli/task.ts";
import { ask, formatDiffLine, tint } from "../harness/cli/terminal.ts";
import { connect } from "../harness/zitadel/client.ts";
import { ownOrganization } from "../harness/zitadel/organization.ts";
import {
  DEFAULT_TARGET_NAME,
  listTargets,
  type Target,
  type TargetSettings,
} from "../harness/zitadel/target.ts";

const HELP =
  `Connects the function to a ZITADEL instance; run again, it changes only what differs.

  deno task setup --endpoint URL [--roles FILE] [options]
  deno task setup --roles FILE                    the mapping only
  deno task setup --remove [--roles FILE] [options]

It creates or updates the target, writes its signing key into the env file (and
ZITADEL_DOMAIN where the file has none), writes the mapping into the organization's
metadata, and binds the target to preaccesstoken, keeping those that are bound
already and their order. While the
function does not answer yet, or not accept the key, all is done but the binding:
start it with the env file, and run this again.

  --endpoint URL        where the function answers (default: as the target is)
  --roles FILE          the mapping: {"admin": ["read:all"]}, or by project
                        {"<project id>": {"admin": ["read:all"]}}
  --org ID              whose metadata takes the mapping
                        (default: METADATA_ORGANIZATION, or the token's own)
  --name NAME           the target's name (default "${DEFAULT_TARGET_NAME}")
  --also LIST           bind to these too: preuserinfo, presamlresponse, events
  --timeout 10s         after how long ZITADEL gives up on the function
                        (default: as the target is; 10s for a new one)
  --interrupt-on-error  fail the login where the function fails; otherwise the
                        token comes without permissions (default: as the target
                        is; off for a new one; --no-interrupt-on-error: off)
  --env-file FILE       the function's settings (default .env)
  --force               replace another signing key in the env file
  --skip-health         bind without asking the function whether it is well and
                        accepts the key
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
      name: { type: "string", default: DEFAULT_TARGET_NAME },
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
  const domain = required(settings, DOMAIN_SETTING, DOMAIN_HINT);
  const instance = connect(
    domain,
    required(settings, "ZITADEL_ADMIN_TOKEN", ADMIN_TOKEN_HINT),
  );
  const mapping: Mapping = values.roles === undefined
    ? new Map()
    : await readMappingFile(values.roles);
  const organization = values.roles === undefined
    ? undefined
    : values.org ?? fixedOrganization(settings.METADATA_ORGANIZATION) ??
      (await ownOrganization(instance)).id;

  const place = { instance, organization, envFile };
  const state = await readState(place);
  const existing = state.targets.find((target) => target.name === name);
  const target = remove ? undefined : wishedTarget(values, existing);
  const conditions = conditionsOf(values.also ?? "");
  const { force } = values;
  const changes = remove
    ? planRemoval(state, { name, mapping })
    : planSetup(state, { target, conditions, mapping, force, domain });
  const asksFunction = target !== undefined && !values["skip-health"];
  const bindings = asksFunction ? changes.filter(isBinding) : [];
  const others = changes.filter((it) => !asksFunction || !isBinding(it));

  let trouble = asksFunction ? await healthTrouble(target.endpoint) : undefined;
  if (trouble && existing && existing.endpoint !== target?.endpoint) {
    throw new Error(
      `Cannot move the target: ${trouble}. Start the function there first, or use --skip-health if it can be reached only from where ZITADEL runs`,
    );
  }
  if (bindings.length === 0) trouble = undefined;
  else if (existing) {
    trouble ??= await keyTrouble(target!.endpoint, existing.signingKey);
  }
  const linesOf = (changes: readonly Change[]) =>
    changes.flatMap((change) =>
      describeChange(change, { targets: state.targets, name, envFile })
    );
  // A function cannot have the key of a target that is yet to be created.
  const isLater = trouble !== undefined || existing === undefined;

  if (!json) {
    console.log(`Instance      ${instance.origin}`);
    if (organization) console.log(`Organization  ${organization}`);
    if (changes.length === 0) console.log("Nothing to change.");
    for (const line of linesOf(others)) console.log(formatDiffLine(line));
    for (const { sign, text } of linesOf(bindings)) {
      const when = isLater ? ", once the function accepts its key" : "";
      console.log(formatDiffLine({ sign, text: text + when }));
    }
  }
  const isNothing = others.length === 0 &&
    (trouble !== undefined || bindings.length === 0);
  const confirmed = isNothing || values["dry-run"] || values.yes ||
    (json ? undefined : ask("Make these changes?"));
  if (!confirmed) {
    console.error(
      confirmed === undefined
        ? "Nothing was changed: nobody can be asked here. Use --yes"
        : "Nothing was changed",
    );
    return 1;
  }
  const applied = !values["dry-run"];
  if (applied) {
    const options = {
      guardLogins: asksFunction && target.interruptOnError,
    };
    await applyChanges(place, others, options);
    if (bindings.length > 0 && trouble === undefined) {
      const { id, signingKey } = existing ??
        (await listTargets(instance)).find((it) => it.name === name)!;
      if (!existing) trouble = await keyTrouble(target!.endpoint, signingKey);
      const idOf = (it: string) => it === NEW_TARGET ? id : it;
      const named = bindings.map((it) => ({ ...it, to: it.to.map(idOf) }));
      if (trouble === undefined) await applyChanges(place, named, options);
    }
  }
  if (json) {
    console.log(JSON.stringify({
      instance: instance.origin,
      organization,
      applied,
      not_bound: trouble,
      changes: linesOf(trouble ? others : changes),
      pending: linesOf(trouble ? bindings : []),
    }));
  } else if (!applied) {
    console.log("Nothing was changed (--dry-run).");
  } else if (trouble) {
    console.log(`${tint("warning", "Not bound:")} ${trouble}`);
    console.log(
      `Next: start, restart or deploy it with ${envFile}, then run the same command again`,
    );
  } else if (changes.length > 0) {
    console.log(closingLines(changes, values));
  }
  return applied && trouble ? 1 : 0;
}

function isBinding(change: Change): change is Change & { kind: "bind" } {
  return change.kind === "bind";
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

function closingLines(
  changes: readonly Change[],
  options: { remove: boolean; "env-file": string },
): string {
  if (options.remove) return tint("good", "Removed.");
  const next = changes.some(({ kind }) => kind === "write-key")
    ? `restart or deploy the function with ${
      options["env-file"]
    }, then run \`deno task doctor\``
    : "run `deno task doctor` to see that it works";
  return `${tint("good", "Done.")}\nNext: ${next}`;
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

function fixedOrganization(value: string | undefined): string | undefined {
  return value === "user" || value === "grant" ? undefined : value || undefined;
}

if (import.meta.main) await runTask(setup);
