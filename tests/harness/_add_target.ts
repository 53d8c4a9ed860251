import type { Instance } from "../../harness/zitadel/client.ts";
import {
  createTarget,
  type PayloadType,
  type TargetSettings,
} from "../../harness/zitadel/target.ts";

/** Creates a target, by default one at which nothing answers. */
export function addTarget(
  instance: Instance,
  { name, ...settings }: Partial<TargetSettings> & { readonly name: string },
  payloadType: PayloadType = "json",
) {
  return createTarget(instance, {
    name,
    endpoint: "http://127.0.0.1:9/",
    timeoutSeconds: 10,
    interruptOnError: false,
    ...settings,
  }, payloadType);
}
