/**
 * Shows that ZITADEL reaches the function at an endpoint that this machine does
 * not reach. For some seconds the target is bound to an event, a metadata entry is
 * changed, and the function is asked at another address whether it was sent that
 * event. No login is touched, and nothing of it stays.
 *
 * @module
 */
import { sendCanary } from "../function/canary.ts";
import { sleep } from "../util/sleep.ts";
import type { Instance } from "../zitadel/client.ts";
import { listExecutions } from "../zitadel/execution.ts";
import {
  listMetadata,
  removeMetadata,
  setMetadata,
} from "../zitadel/metadata.ts";
import { bind } from "./bind.ts";

/** Of several conditions that match an event, ZITADEL takes the most specific only. */
const CONDITION = "event/org.metadata.set";
const WIDER = ["event/group/org.metadata", "event/group/org", "event/all"];

/** Of several processes one gets the event; so often it is sent before giving up. */
const MAX_EVENTS = 20;

/** How long an event may take to arrive, in milliseconds; v4.13.1 needs about a second. */
const ARRIVAL_MS = 3_000;
const POLL_MS = 200;

/** The entry's key: random, and its value is the empty list, so that no role gets anything by it. */
const KEY = /^permissions-probe-[0-9a-f]{8}$/;

export interface DeliveryOptions {
  /** The target that is to reach the function. */
  readonly target: string;
  /** Another target that reaches it: it is sent nothing meanwhile. */
  readonly silenced?: string | undefined;
  /** Whose metadata is changed. */
  readonly organization: string;
  /** Where this machine reaches the function. */
  readonly probe: string;
  readonly signingKey: string;
  readonly signal?: AbortSignal | undefined;
  /** How often the function is asked, in milliseconds. */
  readonly pollMs?: number | undefined;
}

/** Returns whether the function at the probe was sent an event by ZITADEL. */
export async function proveDelivery(
  instance: Instance,
  options: DeliveryOptions,
): Promise<boolean> {
  const { target, silenced, organization } = options;
  const executions = await listExecutions(instance);
  const [from = [], ...wider] = [CONDITION, ...WIDER].map((condition) =>
    executions.find((it) => it.condition === condition)?.targets ?? []
  );
  const others = [from, ...wider].find((it) => it.length > 0) ?? [];
  const ours = [target, silenced];
  const to = [...others.filter((id) => !ours.includes(id)), target];
  const prove = () =>
    withEntry(instance, organization, (change) => awaitEvent(change, options));
  if (from.includes(target)) return await prove();
  await bind(instance, { condition: CONDITION, from, to });
  try {
    return await prove();
  } finally {
    await bind(instance, { condition: CONDITION, from: to, to: from });
  }
}

/** Makes ZITADEL send an event of an organization's metadata, so that its mapping is read again. */
export async function sendEvent(
  instance: Instance,
  organization: string,
): Promise<void> {
  await withEntry(instance, organization, (change) => change());
}

/** Causes events until the function was sent one. */
async function awaitEvent(
  change: () => Promise<number>,
  { probe, signingKey, signal, pollMs = POLL_MS }: DeliveryOptions,
): Promise<boolean> {
  /** The last event of each process that answered. */
  const seen = new Map<string, number | null>();
  const ask = async (sequence?: number) => {
    const { identity } = await sendCanary(probe, signingKey);
    if (!identity) return false;
    const { process, event = null } = identity;
    const isNew = seen.has(process) && seen.get(process) !== sequence;
    seen.set(process, event);
    return isNew && event === sequence;
  };
  await ask();
  for (let sent = 0; sent < MAX_EVENTS; sent++) {
    signal?.throwIfAborted();
    const sequence = await change();
    for (let waited = 0; waited < ARRIVAL_MS; waited += POLL_MS) {
      await sleep(pollMs, signal);
      if (await ask(sequence)) return true;
    }
  }
  return false;
}

/** Lends an entry whose every change is an event, and removes it. */
async function withEntry<T>(
  instance: Instance,
  organization: string,
  use: (change: () => Promise<number>) => Promise<T>,
): Promise<T> {
  const { entries } = await listMetadata(instance, organization);
  // What a killed command left.
  const left = entries.map(({ key }) => key).filter((key) => KEY.test(key));
  if (left.length > 0) await removeMetadata(instance, organization, left);
  const key = `permissions-probe-${crypto.randomUUID().slice(0, 8)}`;
  let changes = 0;
  try {
    return await use(async () => {
      // An unchanged value would be no event.
      const value = new TextEncoder().encode(`[${" ".repeat(changes)}]`);
      const entries = [{ key, value }];
      const sequence = await setMetadata(instance, organization, entries);
      changes++;
      return sequence;
    });
  } finally {
    if (changes > 0) await removeMetadata(instance, organization, [key]);
  }
}
