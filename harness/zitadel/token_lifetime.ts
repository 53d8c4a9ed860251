import { AdminService } from "@zitadel/proto/zitadel/admin_pb";
import type { Instance } from "./client.ts";
import { attempt } from "./zitadel_error.ts";

/** Returns how long the instance's access tokens live, in seconds. */
export async function accessTokenLifetime(
  instance: Instance,
): Promise<number> {
  const { settings } = await attempt(
    "read the lifetime of access tokens",
    () => instance.service(AdminService).getOIDCSettings({}),
  );
  return Number(settings?.accessTokenLifetime?.seconds ?? 0n);
}
