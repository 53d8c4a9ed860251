import { type CheckContext, compare, type Finding } from "./checks.ts";
import { readRecording, recordedAnswer, replayRecording } from "./recording.ts";
import { shapeOf } from "./shape.ts";

/** Replays the recorded requests to the token endpoint, discovery and keys. */
export async function* oidcChecks(
  { subject, scenario }: CheckContext,
): AsyncGenerator<Finding> {
  if (subject.release !== "current") return;
  const { reader, organizations } = scenario;
  const basic = (secret: string, client = reader.clientId) => ({
    authorization: `Basic ${btoa(`${client}:${secret}`)}`,
  });
  const replace = {
    "reader-q3gmz": reader.clientId,
    "…": reader.clientSecret,
    "400925123252587558": organizations.acme,
  };
  const token = async () => {
    const response = await fetch(`${subject.origin}/oauth/v2/token`, {
      method: "POST",
      headers: basic(reader.clientSecret),
      body: new URLSearchParams({
        grant_type: "client_credentials",
        scope: "openid",
      }),
    });
    return { authorization: `Bearer ${(await response.json()).access_token}` };
  };
  const headersOf: Readonly<
    Record<
      string,
      () => Record<string, string> | Promise<Record<string, string>>
    >
  > = {
    discovery: () => ({}),
    jwks: () => ({}),
    bad_grant_type: () => ({}),
    client_credentials: () => basic(reader.clientSecret),
    client_credentials_post: () => ({}),
    client_credentials_wrong_secret: () => basic("wrong"),
    client_credentials_unknown_client: () => basic("wrong", "unknown"),
    api_call_without_zitadel_audience: token,
  };
  for (const [name, headers] of Object.entries(headersOf)) {
    const recording = await readRecording(`oidc/${name}`);
    yield await compare(
      `oidc/${name}`,
      shapeOf(recordedAnswer(recording)),
      async () =>
        shapeOf(
          await replayRecording(subject.origin, recording, {
            replace,
            headers: await headers(),
          }),
        ),
    );
  }
}
