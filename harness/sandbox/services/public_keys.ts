import { createHash, createPublicKey } from "node:crypto";
import type { DescMethodUnary } from "@bufbuild/protobuf";
import { timestampFromDate, timestampNow } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { apiError, notFound } from "../api_error.ts";
import { type ApiMethod, apiMethod, type Call } from "../api_method.ts";
import { newIdentifier } from "../identifier.ts";
import { dated, touch } from "../dated.ts";
import type { Target, TargetKey } from "../world.ts";
import { ActionV2 } from "./action_v2.ts";
import { targetOf } from "./target_of.ts";

/**
 * The fields of requests about keys; the derived descriptor has no static type.
 */
interface KeyRequest {
  readonly targetId: string;
  readonly keyId: string;
  readonly publicKey: Uint8Array;
}

/**
 * The methods for the public keys that a target's payloads are encrypted for,
 * since v4.8.
 */
export function publicKeyMethods(): ApiMethod[] {
  return [
    keyMethod("AddPublicKey", ({ publicKey }, target) => {
      const key: TargetKey = {
        ...dated(),
        id: newIdentifier(),
        pem: checkPem(publicKey),
        active: false,
      };
      target.keys.push(key);
      return { keyId: key.id, creationDate: timestampFromDate(key.created) };
    }),
    keyMethod("ActivatePublicKey", ({ keyId }, target) => {
      const key = keyOf(target, keyId);
      for (const other of target.keys) other.active = other === key;
      return { changeDate: timestampFromDate(touch(key)) };
    }),
    keyMethod("DeactivatePublicKey", ({ keyId }, target) => {
      const key = keyOf(target, keyId);
      key.active = false;
      return { changeDate: timestampFromDate(touch(key)) };
    }),
    keyMethod("RemovePublicKey", ({ keyId }, target) => {
      const key = keyOf(target, keyId);
      target.keys = target.keys.filter((other) => other !== key);
      return { deletionDate: timestampNow() };
    }),
    keyMethod("ListPublicKeys", (_, target) => ({
      publicKeys: target.keys.map((key) => ({
        keyId: key.id,
        active: key.active,
        publicKey: new TextEncoder().encode(key.pem),
        fingerprint: fingerprint(key.pem),
        creationDate: timestampFromDate(key.created),
        changeDate: timestampFromDate(key.changed),
      })),
    })),
  ];
}

function keyMethod(
  name: string,
  run: (request: KeyRequest, target: Target) => Record<string, unknown>,
): ApiMethod {
  const desc = ActionV2.methods.find((method) => method.name === name);
  return apiMethod(desc as DescMethodUnary, (request, call: Call) => {
    const keyRequest = request as unknown as KeyRequest;
    return run(keyRequest, targetOf(call.instance.world, keyRequest.targetId));
  }, { releases: ["current"] });
}

function keyOf(target: Target, id: string): TargetKey {
  const key = target.keys.find((candidate) => candidate.id === id);
  if (!key) throw notFound("Public key not found", "COMMAND-pk1f");
  return key;
}

function checkPem(bytes: Uint8Array): string {
  const pem = new TextDecoder().decode(bytes);
  try {
    createPublicKey(pem);
    return pem;
  } catch {
    throw apiError(Code.InvalidArgument, "Public key is invalid", {
      id: "COMMAND-pk2f",
    });
  }
}

function fingerprint(pem: string): string {
  const der = createPublicKey(pem).export({ type: "spki", format: "der" });
  const digest = createHash("sha256").update(der).digest("base64");
  return `SHA256:${digest.replace(/=+$/, "")}`;
}
