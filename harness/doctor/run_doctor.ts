/**
 * `deno task doctor`: gathers facts, judges them, and prints what to fix.
 *
 * @module
 */
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import {
  ADMIN_TOKEN_HINT,
  DOMAIN_HINT,
  readSettings,
  required,
  type Settings,
} from "../cli/settings.ts";
import { messageOf } from "../cli/terminal.ts";
import { connect } from "../zitadel/client.ts";
import { diagnose } from "./diagnose.ts";
import type { Facts } from "./facts.ts";
import { type Finding, finding, outcomeOf } from "./finding.ts";
import { formatFindings } from "./format_findings.ts";
import { gatherFacts } from "./gather.ts";
import { proveLive } from "./live.ts";

export interface DoctorOptions {
  /** Organizations to look at. */
  readonly org: readonly string[];
  readonly clientId?: string | undefined;
  readonly endpoint?: string | undefined;
  /** Get real tokens through the bound function. */
  readonly live: boolean;
  readonly envFile: string;
  /** Print what is ok, too. */
  readonly all: boolean;
  readonly json: boolean;
}

export async function runDoctor(
  options: DoctorOptions,
  io: Io,
): Promise<Outcome> {
  const settings = await readSettings(options.envFile, io);
  required(settings, "ZITADEL_DOMAIN", DOMAIN_HINT);
  const facts = await gatherFacts({
    settings,
    organizations: options.org,
    clientId: options.clientId,
    endpoint: options.endpoint,
    onProgress: (what) => io.progress(`looking at ${what}`),
  });
  const findings = diagnose(facts);
  if (options.live) findings.push(await findLive(facts, settings, io));
  io.progress();
  const outcome = outcomeOf(findings);
  if (options.json) return printJson(io, outcome, { findings });
  for (const line of formatFindings(findings, options)) io.print(line);
  return outcome;
}

/** An interrupted proof is no finding: it ends the command. */
async function findLive(
  facts: Facts,
  settings: Settings,
  io: Io,
): Promise<Finding> {
  const token = required(settings, "ZITADEL_ADMIN_TOKEN", ADMIN_TOKEN_HINT);
  const config = facts.config.value;
  if (!config || !facts.credential?.value) {
    return finding("live", "broken", "not tried: the function cannot work yet");
  }
  const signal = io.untilInterrupted();
  try {
    return await proveLive(connect(facts.origin, token), config, {
      signal,
      onProgress: (what) => io.progress(`live: ${what}`),
    });
  } catch (error) {
    if (signal.aborted) throw error;
    return finding("live", "broken", messageOf(error));
  }
}
