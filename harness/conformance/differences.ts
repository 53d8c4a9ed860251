/**
 * A reason why an instance differs from the recordings, and the findings it
 * affects.
 */
export interface Difference {
  readonly reason: string;
  readonly findings: readonly string[];
  /** Set if no instance reproduces it. */
  readonly isNeverRun?: boolean;
}

/**
 * Every known difference between the sandbox and the recordings. The function
 * must not depend on any of them.
 */
export const DIFFERENCES: readonly Difference[] = [
  {
    reason:
      "Not called: neither the sandbox nor the run has a SAML service provider. The fixture calls/presamlresponse tests the function's reply.",
    findings: ["calls/presamlresponse"],
    isNeverRun: true,
  },
  {
    reason:
      "It lists all projects of the instance, which differ from the recorded ones.",
    findings: ["older/v4.6.5/list_projects_v2beta"],
    isNeverRun: true,
  },
  {
    reason:
      "The discovery document lists only what the sandbox supports: no device flow, implicit flow, request objects or logout notifications.",
    findings: ["oidc/discovery"],
  },
  {
    reason:
      "Status and code are ZITADEL's; the text is the protobuf library's.",
    findings: ["admin/set_metadata_not_base64"],
  },
  {
    reason:
      "The commands read projects and applications by management v1, which every release has; the sandbox lacks their v2 and v2beta forms.",
    findings: [
      "admin/list_projects_connect",
      "admin/list_project_roles",
      "admin/list_applications",
      "admin/list_applications_reader",
      "older/v4.6.5/list_projects_v2",
      "older/v4.6.5/list_applications_v2",
      "older/v4.6.5/list_applications_v2beta",
    ],
  },
];

/** Returns why a finding may differ, or `undefined` if it may not. */
export function reasonFor(
  name: string,
  { isSandbox }: { isSandbox: boolean },
): string | undefined {
  return DIFFERENCES.find(({ findings, isNeverRun }) =>
    findings.includes(name) && (isSandbox || isNeverRun)
  )?.reason;
}
