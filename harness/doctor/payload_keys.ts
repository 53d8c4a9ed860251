import {
  createPrivateKey,
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
} from "node:crypto";

/** Reports whether one of the private keys in PAYLOAD_PRIVATE_KEY opens what is encrypted for a public key. */
export function opensPayloads(privateKeys: string, publicKey: string): boolean {
  const wanted = publicPartOf(createPublicKey(publicKey));
  return readPrivateKeys(privateKeys).some((key) =>
    publicPartOf(createPublicKey(key)) === wanted
  );
}

/** The settings were read with success, so these are keys. */
function readPrivateKeys(text: string): KeyObject[] {
  if (text.includes("-----BEGIN")) {
    const pems = text.replaceAll("\\n", "\n").match(
      /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/g,
    );
    return (pems ?? []).map((pem) => createPrivateKey(pem));
  }
  const json = JSON.parse(text);
  return (json.keys ?? [json]).map((key: JsonWebKey) =>
    createPrivateKey({ key, format: "jwk" })
  );
}

function publicPartOf(key: KeyObject): string {
  return key.export({ type: "spki", format: "der" }).toString("base64");
}
