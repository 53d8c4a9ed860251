import { AdminService } from "@zitadel/proto/zitadel/admin_pb";
import { type Instance, to } from "./client.ts";

/** Returns how long the instance's access tokens live, in seconds. */
export async function accessTokenLifetime(
  instance: Instance,
): Promise<number> {
  const { settings } = await instance.service(AdminService)
    .getOIDCSettings({}, to("read the lifetime of access tokens"));
  return Number(settings?.accessTokenLifetime?.seconds ?? 0n);
}
