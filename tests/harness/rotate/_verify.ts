import { signPayload } from "../../../harness/util/sign_payload.ts";

/** Reports whether a request is signed with one of the keys. */
export async function verifySignature(
  request: Request,
  keys: readonly string[],
): Promise<boolean> {
  const header = request.headers.get("ZITADEL-Signature") ?? "";
  const timestamp = Number(/t=(\d+)/.exec(header)?.[1]);
  const body = await request.text();
  for (const key of keys) {
    if (await signPayload(key, timestamp, body) === header) return true;
  }
  return false;
}
