/**
 * `deno task doctor`: gathers facts, judges them, and prints what was found.
 *
 * @module
 */
import { SettingsError } from "../cli/errors.ts";
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import {
  ADMIN_TOKEN_HINT,
  DOMAIN_HINT,
  readSettings,
  required,
  type Settings,
} from "../cli/settings.ts";
import { messageOf, tint } from "../cli/terminal.ts";
import { connectAsAdmin } from "../zitadel/connect_as_admin.ts";
import { connect } from "../zitadel/client.ts";
import { withAdminToken } from "../zitadel/key_file.ts";
import { combineFindings } from "./combine_findings.ts";
import { diagnose } from "./diagnose.ts";
import type { Facts } from "./facts.ts";
import { type Finding, finding, outcomeOf } from "./finding.ts";
import { formatFindings } from "./format_findings.ts";
import { gatherFacts } from "./gather.ts";
import { removeLeftovers } from "./leftovers.ts";
import { proveLive } from "./live.ts";
import { referToCauses } from "./refer_to_causes.ts";

export interface DoctorOptions {
  /** Organizations to look at. */
  readonly org: readonly string[];
  readonly clientId?: string | undefined;
  readonly endpoint?: string | undefined;
  /** Get real tokens through the bound function. */
  readonly live: boolean;
  /** Remove what an interrupted live check left behind. */
  readonly removeLeftovers: boolean;
  readonly envFile: string;
  /** Print what is ok, too. */
  readonly all: boolean;
  readonly json: boolean;
}

export async function runDoctor(
  options: DoctorOptions,
  io: Io,
): Promise<Outcome> {
  const given = await readSettings(options.envFile, io);
  required(given, "ZITADEL_DOMAIN", DOMAIN_HINT);
  // Checks the token before anything is sent with it.
  if (given.ZITADEL_ADMIN_TOKEN) await connectAsAdmin(options.envFile, io);
  // Why ZITADEL gives no token for a key is what the doctor finds out.
  const settings = await withAdminToken(given).catch((error) => {
    if (error instanceof SettingsError) throw error;
    io.error(`${tint("warning", "ZITADEL_ADMIN_KEY_FILE")}: ${error.message}`);
    return given;
  });
  let facts = await gatherFacts({
    settings,
    organizations: options.org,
    clientId: options.clientId,
    endpoint: options.endpoint,
    onProgress: (what) => io.progress(`looking at ${what}`),
  });
  if (options.removeLeftovers) {
    facts = await withoutLeftovers(facts, settings, io);
  }
  let findings = diagnose(facts);
  if (options.live) {
    const live = await findLive(facts, settings, io);
    findings = combineFindings([
      ...excuse(findings, live),
      referToCauses(live, findings),
    ]);
  }
  io.progress();
  const outcome = outcomeOf(findings);
  if (options.json) return printJson(io, outcome, { findings });
  for (const line of formatFindings(findings, options)) io.print(line);
  return outcome;
}

/** A function that ZITADEL was just seen to call is at an address that it allows. */
function excuse(findings: readonly Finding[], live: Finding): Finding[] {
  if (live.level !== "ok") return [...findings];
  return findings.map((it) =>
    it.check === "address" ? { ...it, level: "note" } : it
  );
}

/** Removes what was left; the facts after that. */
async function withoutLeftovers(
  facts: Facts,
  settings: Settings,
  io: Io,
): Promise<Facts> {
  const token = required(settings, "ZITADEL_ADMIN_TOKEN", ADMIN_TOKEN_HINT);
  const removed = await removeLeftovers(
    connect(facts.origin, token),
    facts.leftovers,
  );
  for (const name of removed) {
    io.error(`${tint("good", "removed")} ${name}`);
  }
  return { ...facts, leftovers: { organizations: [], users: [] } };
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
    return finding(
      "live",
      "warning",
      "not tried: the function cannot work yet",
    );
  }
  const signal = io.untilInterrupted();
  const admin = connect(facts.origin, token);
  try {
    return await proveLive(admin, { facts, config }, {
      signal,
      onProgress: (what) => io.progress(`live: ${what}`),
    });
  } catch (error) {
    if (signal.aborted) throw error;
    return finding("live", "broken", messageOf(error));
  }
}
