/**
 * `deno task doctor`: gathers facts, judges them, and prints what was found.
 *
 * @module
 */
import { checkInstanceOf } from "../cli/check_env_file.ts";
import { SettingsError } from "../cli/errors.ts";
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import {
  ADMIN_TOKEN_HINT,
  DOMAIN_HINT,
  readSettings,
  required,
} from "../cli/settings.ts";
import { messageOf, tint } from "../cli/terminal.ts";
import { originOf } from "../zitadel/client.ts";
import { acknowledge, readAcknowledgements } from "./acknowledge.ts";
import { withAdminToken } from "../zitadel/key_file.ts";
import type { DoctorOptions } from "./command_line.ts";
import { completeFix } from "./complete_fix.ts";
import { diagnose } from "./diagnose.ts";
import {
  combineFindings,
  type Finding,
  finding,
  outcomeOf,
} from "./finding.ts";
import { formatFindings } from "./format_findings.ts";
import { type Facts, gatherFacts } from "./gather.ts";
import { proveLive } from "./live.ts";

export async function runDoctor(
  options: DoctorOptions,
  io: Io,
): Promise<Outcome> {
  const { envFile, acknowledged } = options;
  const accepted = acknowledged === undefined
    ? []
    : await readAcknowledgements(acknowledged);
  const given = await readSettings(envFile, io);
  const domain = required(given, "ZITADEL_DOMAIN", DOMAIN_HINT, envFile);
  // A key and a credential of another instance would be four faults, and are one.
  await checkInstanceOf(envFile, { origin: originOf(domain), originOf });
  // Why ZITADEL gives no token for a key is what the doctor finds out.
  const settings = await withAdminToken(given).catch((error) => {
    const isNeeded = options.live || options.removeLeftovers;
    if (isNeeded || error instanceof SettingsError) throw error;
    io.error(`${tint("warning", "ZITADEL_ADMIN_KEY_FILE")}: ${error.message}`);
    return given;
  });
  if (options.live || options.removeLeftovers) {
    required(settings, "ZITADEL_ADMIN_TOKEN", ADMIN_TOKEN_HINT, envFile);
  }
  let facts = await gatherFacts({
    ...options,
    settings,
    onProgress: (what) => io.progress(`looking at ${what}`),
  });
  if (options.removeLeftovers) {
    for (const { text, remove } of facts.leftovers) {
      await remove();
      io.error(`${tint("good", "removed")} the ${text}`);
    }
    facts = { ...facts, leftovers: [] };
  }
  let findings = await diagnose(facts);
  if (options.live) {
    const live = await findLive(facts, io);
    findings = combineFindings([...excuse(findings, live), live]);
  }
  io.progress();
  findings = acknowledge(findings, accepted, facts.now)
    .map((it) => completeFix(it, { facts, envFile }));
  const outcome = outcomeOf(findings);
  if (options.json) return printJson(io, outcome, { findings });
  for (const line of formatFindings(findings, options)) io.print(line);
  return outcome;
}

/** A function that ZITADEL was just seen to call is at an address that it allows. */
function excuse(findings: readonly Finding[], live: Finding): Finding[] {
  const isAllowed = live.level === "ok";
  return findings.map((it) =>
    isAllowed && it.check === "address" ? { ...it, level: "note" } : it
  );
}

/** An interrupted proof is no finding: it ends the command. */
async function findLive(facts: Facts, io: Io): Promise<Finding> {
  const signal = io.untilInterrupted();
  try {
    return await proveLive(facts, {
      signal,
      onProgress: (what) => io.progress(`live: ${what}`),
    });
  } catch (error) {
    if (signal.aborted) throw error;
    return finding("live", "broken", messageOf(error));
  }
}
