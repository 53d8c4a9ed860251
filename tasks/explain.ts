/**
 * `deno task explain`: where each permission of a call comes from.
 *
 * @module
 */
import { parseArgs } from "node:util";
import {
  explainCall,
  type Explanation,
  type GrantExplanation,
} from "../harness/explain/explain.ts";
import { readExplainSource } from "../harness/explain/source.ts";
import { readMappingFile } from "../harness/roles/roles_file.ts";
import { readSettings, runTask, UsageError } from "../harness/cli/task.ts";
import { tint } from "../harness/cli/terminal.ts";

const HELP =
  `Explains a call of ZITADEL: which grant and role gave each permission, and which
roles gave none and why.

  deno task explain FILE|- [options]

FILE is a fixture, which brings its mapping, or a payload as ZITADEL sent it (JSON,
JWT or JWE); - reads it from the terminal. The mapping of a payload is read from the
instance, with the function's settings, or from a file:

  --roles FILE     the mapping: {"admin": ["read:all"]}
  --env-file FILE  holds the function's settings (default .env)
  --json           print one JSON document
  --help           print this`;

/**
 * Runs the task.
 *
 * @param args The command line.
 * @returns The exit code.
 */
export async function explain(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      roles: { type: "string" },
      "env-file": { type: "string", default: ".env" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) {
    throw new UsageError("Which call? Name one file, or - to paste it");
  }
  const text = file === "-"
    ? await new Response(Deno.stdin.readable).text()
    : await Deno.readTextFile(file);
  const source = await readExplainSource(text, {
    settings: await readSettings(values["env-file"]),
    mapping: values.roles === undefined
      ? undefined
      : await readMappingFile(values.roles),
  });
  const { call, mappingOf, metadataOrganization } = source;
  const explanation = await explainCall(call, mappingOf, metadataOrganization);
  if (values.json) console.log(JSON.stringify(explanation));
  else print(explanation);
  return 0;
}

function print({ call, grants, permissions, why }: Explanation): void {
  console.log(tint("strong", call));
  for (const grant of grants) printGrant(grant);
  console.log(
    permissions.length > 0
      ? `\npermissions  ${permissions.join(" ")}`
      : `\n${tint("warning", "no permissions")}${why ? `  ${why}` : ""}`,
  );
}

function printGrant(
  { project, grantedBy, organization, roles, why }: GrantExplanation,
): void {
  console.log(
    `\ngrant of project ${project} by ${grantedBy}, mapping of ${organization}`,
  );
  if (why) console.log(`  ${tint("warning", "nothing")}: ${why}`);
  const width = Math.max(...roles.map(({ role }) => role.length));
  for (const { role, key, permissions, why } of roles) {
    const name = role.padEnd(width);
    console.log(
      why
        ? `  ${name}  ${tint("warning", "nothing")}: ${why}`
        : `  ${name}  ${permissions.join(" ")}${
          key === role ? "" : tint("faint", `  (entry ${key})`)
        }`,
    );
  }
}

if (import.meta.main) await runTask(explain);
