/** Why findings differ from the recordings on every instance: no run makes these calls. */
const NEVER_RUN: readonly (readonly [findings: RegExp, reason: string])[] = [
  [
    /^calls\/presamlresponse$/,
    "Not called: neither the sandbox nor the run has a SAML service provider. The fixture calls/presamlresponse tests the function's reply.",
  ],
  [
    /^(?:calls\/(?:introspection.*|device_flow|impersonation_without_actor)|older\/v4\.6\.5\/introspection)$/,
    "Not called: the run neither introspects tokens, logs in on another device nor impersonates. Fixtures of the same name test the function's reply.",
  ],
];

/** Every other known difference of the sandbox. The function must not depend on any. */
const OF_SANDBOX: typeof NEVER_RUN = [
  [
    /^oidc\/discovery$/,
    "The discovery document lists only what the sandbox supports: no device flow, implicit flow, request objects or logout notifications.",
  ],
  [
    /^(?:metadata\/(?!.*grpc_web)|oidc\/api_call_without_zitadel_audience)/,
    "The sandbox has what the function and the commands call, by gRPC-web. REST and Connect are for other clients.",
  ],
  [
    /^calls\/(?:payload_type_jwe_.*|token_exchange)$/,
    "The sandbox encrypts no payloads and exchanges no tokens: no command asks for it. Fixtures of the same name test the function's reply.",
  ],
];

/** Returns why a finding may differ, or `undefined` if it may not. */
export function reasonFor(
  name: string,
  { isSandbox }: { isSandbox: boolean },
): string | undefined {
  return [...NEVER_RUN, ...isSandbox ? OF_SANDBOX : []]
    .find(([findings]) => findings.test(name))?.[1];
}
