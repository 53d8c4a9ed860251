/** Why findings of the sandbox differ from the recordings. The function must not depend on any. */
const DIFFERENCES: readonly (readonly [findings: RegExp, reason: string])[] = [
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

/** Returns why a finding of the sandbox may differ, or `undefined` if it may not. */
export function reasonFor(name: string): string | undefined {
  return DIFFERENCES.find(([findings]) => findings.test(name))?.[1];
}
