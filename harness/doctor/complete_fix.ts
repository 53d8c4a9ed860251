import { shellQuote } from "../cli/shell_quote.ts";
import { isLoopback } from "../util/is_loopback.ts";
import { DEFAULT_TARGET_NAME, type Target } from "../zitadel/target.ts";
import { likelyTarget, oursOf, type TargetFacts } from "./facts.ts";
import type { Finding } from "./finding.ts";

const DEFAULT_ENV_FILE = ".env";

/** Completes the commands of a fix by what they would otherwise miss, to be pasted as they are. */
export function completeFix(
  finding: Finding,
  { facts, envFile }: {
    readonly facts: TargetFacts;
    readonly envFile: string;
  },
): Finding {
  if (finding.fix === undefined) return finding;
  const target = oursOf(facts)[0] ?? likelyTarget(facts);
  const name = target && target.name !== DEFAULT_TARGET_NAME
    ? ` --name ${shellQuote(target.name)}`
    : "";
  const file = envFile === DEFAULT_ENV_FILE
    ? ""
    : ` --env-file ${shellQuote(envFile)}`;
  // The remedies of the log are sentences: their command is to be pasted, too.
  const [command] =
    finding.fix.match(/(?<![`\n])\bdeno task \w+(?: --[a-z-]+)+/) ?? [];
  const isSentence = command && !finding.fix.startsWith("deno task");
  const fix = (isSentence ? `${command}\n${finding.fix}` : finding.fix)
    .replace(/\bdeno task (?:setup|rotate)\b(?! --name)/g, `$&${name}`)
    .replace(/\bdeno task (?:setup|rotate|doctor|start|roles)\b/g, `$&${file}`)
    .replace(
      /^(deno task setup\b.*) --endpoint URL$/m,
      target ? `$1 --endpoint ${shellQuote(target.endpoint)}` : "$&",
    )
    .replace(/^deno task start\b/, `${portOf(facts, target)}$&`);
  return { ...finding, fix: nameOrganization(fix, finding.organizations) };
}

/** What `deno task start` lacks to listen where a target on this machine calls. */
function portOf({ config }: TargetFacts, target: Target | undefined): string {
  const url = target && new URL(target.endpoint);
  const isHere = url?.protocol === "http:" && isLoopback(url) && url.port;
  return isHere && url.port !== `${config.value?.port}`
    ? `PORT=${url.port} `
    : "";
}

function nameOrganization(
  fix: string,
  [first, ...others]: readonly string[],
): string {
  if (first === undefined || !fix.includes("--org ID")) return fix;
  const named = fix.replaceAll("--org ID", `--org ${first}`);
  return others.length === 0
    ? named
    : `${named}\nand so for each of the ${others.length + 1} organizations`;
}
