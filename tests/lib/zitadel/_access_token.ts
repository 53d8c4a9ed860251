import { generateKeyPairSync } from "node:crypto";
import type { Credential } from "../../../lib/config/credential.ts";
import type { LogEntry } from "../../../lib/observability/log.ts";
import { createAccessTokenSource } from "../../../lib/zitadel/access_token.ts";
import { NOW } from "../_function.ts";
import { connectionBy } from "./_connection.ts";
import { createTokenEndpoint, tokenAnswer } from "../_token_endpoint.ts";

const { publicKey, privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2_048,
});
export { publicKey };

/** The key file's private key, in either form. */
export const pem = (type: "pkcs1" | "pkcs8") =>
  privateKey.export({ type, format: "pem" }).toString();

/** Client credentials. */
export const clientCredentials = {
  kind: "client_credentials",
  clientId: "reader",
  clientSecret: "canary-secret",
} as const satisfies Credential;

/** A key file. */
export function keyFile(
  change: { key?: string; expirationDate?: string } = {},
) {
  const key = {
    type: "serviceaccount",
    keyId: "7",
    key: pem("pkcs1"),
    userId: "8",
    ...change,
  };
  return {
    kind: "jwt_profile",
    key,
    text: JSON.stringify(key),
  } as const satisfies Credential;
}

/** A source of tokens from an endpoint, with a clock. */
export function source(
  answer: (index: number) => Response | Promise<Response>,
  { credential = clientCredentials }: { credential?: Credential } = {},
) {
  const endpoint = createTokenEndpoint(answer);
  const log: LogEntry[] = [];
  const clock = { now: NOW };
  const token = createAccessTokenSource(credential, {
    connection: connectionBy(endpoint.fetch, { now: () => clock.now }),
    log: (entry) => void log.push(entry),
  });
  return { token, requests: endpoint.requests, log, clock };
}

/** A source whose tokens are `token-0`, `token-1`, ... */
export const numbered = (index: number) => tokenAnswer(`token-${index}`);
