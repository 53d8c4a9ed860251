import { shellQuote } from "../cli/shell_quote.ts";
import { DEFAULT_TARGET_NAME } from "../zitadel/target.ts";
import type { Facts } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { oursOf } from "./judge_targets.ts";

const DEFAULT_ENV_FILE = ".env";

/** Completes the commands of a fix by what they would otherwise miss, to be pasted as they are. */
export function completeFix(
  finding: Finding,
  { facts, envFile }: { readonly facts: Facts; readonly envFile: string },
): Finding {
  if (finding.fix === undefined) return finding;
  const [target] = oursOf(facts);
  const name = target && target.name !== DEFAULT_TARGET_NAME
    ? ` --name ${shellQuote(target.name)}`
    : "";
  const file = envFile === DEFAULT_ENV_FILE
    ? ""
    : ` --env-file ${shellQuote(envFile)}`;
  // The remedies of the log are sentences: their command is to be pasted, too.
  const [command] =
    finding.fix.match(/(?<![`\n])\bdeno task \w+(?: --[a-z-]+)+/) ??
      [];
  const isSentence = command && !finding.fix.startsWith("deno task");
  const fix = (isSentence ? `${command}\n${finding.fix}` : finding.fix)
    .replace(/\bdeno task (?:setup|rotate)\b(?! --name)/g, `$&${name}`)
    .replace(/\bdeno task (?:setup|rotate|doctor|start|roles)\b/g, `$&${file}`)
    .replace(
      /^(deno task setup\b.*) --endpoint URL$/m,
      target ? `$1 --endpoint ${shellQuote(target.endpoint)}` : "$&",
    );
  return { ...finding, fix };
}
