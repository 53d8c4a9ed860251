import { compactDecrypt, exportSPKI, generateKeyPair } from "jose";
import { type CheckContext, compare, type Finding } from "./checks.ts";
import { shapeOf } from "./shape.ts";
import { claimsOf, headerOf, logIn } from "./tokens.ts";
import { callOf, readCall } from "./webhook_call.ts";

const JWE_ALGORITHMS = {
  payload_type_jwe_rsa: "RSA-OAEP-256",
  payload_type_jwe_ec: "ECDH-ES+A256KW",
} as const;

/** Compares payloads that are signed, or signed and encrypted. */
export async function* wrappedPayloadChecks(
  context: CheckContext,
): AsyncGenerator<Finding> {
  const { people, apps } = context.scenario;
  const act = () => logIn(context, { who: people.alice, app: apps.storefront });
  const plain = shapeOf(
    JSON.parse((await readCall("calls", "human_login")).body),
  );
  const jwt = await readCall("calls", "payload_type_jwt");
  yield await compare(
    "calls/payload_type_jwt",
    [shapeOf(headerOf(jwt.body)), jwt.headers["content-type"], plain],
    async () => {
      const options = { payloadType: "PAYLOAD_TYPE_JWT" } as const;
      const { body, headers } = await callOf(context, act, options);
      return [
        shapeOf(headerOf(body)),
        headers.get("content-type"),
        shapeOf(claimsOf(body)),
      ];
    },
  );
  for (const [name, algorithm] of Object.entries(JWE_ALGORITHMS)) {
    const recorded = await readCall("calls", name);
    yield await compare(
      `calls/${name}`,
      [shapeOf(headerOf(recorded.body)), plain],
      async () => {
        const keys = await generateKeyPair(algorithm, { extractable: true });
        const { body } = await callOf(context, act, {
          payloadType: "PAYLOAD_TYPE_JWE",
          publicKey: await exportSPKI(keys.publicKey),
        });
        const { plaintext } = await compactDecrypt(body, keys.privateKey);
        const signed = new TextDecoder().decode(plaintext);
        return [shapeOf(headerOf(body)), shapeOf(claimsOf(signed))];
      },
    );
  }
}
