/**
 * A reason why an instance differs from the recordings, and the findings it
 * affects.
 */
export interface Difference {
  readonly reason: string;
  readonly findings: RegExp;
  /** Set if no instance reproduces it. */
  readonly isNeverRun?: boolean;
}

/**
 * Every known difference between the sandbox and the recordings. The function
 * must not depend on any of them.
 */
const DIFFERENCES: readonly Difference[] = [
  {
    reason:
      "Not called: neither the sandbox nor the run has a SAML service provider. The fixture calls/presamlresponse tests the function's reply.",
    findings: /^calls\/presamlresponse$/,
    isNeverRun: true,
  },
  {
    reason:
      "Not called: the run neither introspects tokens, logs in on another device nor impersonates. Fixtures of the same name test the function's reply.",
    findings:
      /^(?:calls\/(?:introspection.*|device_flow|impersonation_without_actor)|older\/v4\.6\.5\/introspection)$/,
    isNeverRun: true,
  },
  {
    reason:
      "It lists all projects of the instance, which differ from the recorded ones.",
    findings: /^older\/v4.6.5\/list_projects_v2beta$/,
    isNeverRun: true,
  },
  {
    reason:
      "The discovery document lists only what the sandbox supports: no device flow, implicit flow, request objects or logout notifications.",
    findings: /^oidc\/discovery$/,
  },
  {
    reason:
      "The sandbox has what the function and the commands call, by gRPC-web. REST and Connect are for other clients.",
    findings:
      /^(?:metadata\/(?!.*grpc_web)|admin\/(?!healthz)|oidc\/api_call_without_zitadel_audience)/,
  },
  {
    reason:
      "The sandbox encrypts no payloads and exchanges no tokens: no command asks for it. Fixtures of the same name test the function's reply.",
    findings: /^calls\/(?:payload_type_jwe_.*|token_exchange)$/,
  },
];

/** Returns why a finding may differ, or `undefined` if it may not. */
export function reasonFor(
  name: string,
  { isSandbox }: { isSandbox: boolean },
): string | undefined {
  return DIFFERENCES.find(({ findings, isNeverRun }) =>
    findings.test(name) && (isSandbox || isNeverRun)
  )?.reason;
}
