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
      "Nothing calls presamlresponse: the sandbox has no SAML, nor has the run a service provider. The function's answer to it is tested by the fixture calls/presamlresponse.",
    findings: ["calls/presamlresponse"],
    isNeverRun: true,
  },
  {
    reason:
      "It lists every project of the instance; the run has others than there were.",
    findings: ["older/v4.6.5/list_projects_v2beta"],
    isNeverRun: true,
  },
  {
    reason:
      "The discovery document promises only what the sandbox can do: no device flow, implicit flow, request objects or logout notices.",
    findings: ["oidc/discovery"],
  },
  {
    reason:
      "Status and code are ZITADEL's; the text is that of the protobuf library at work.",
    findings: ["admin/set_metadata_not_base64"],
  },
  {
    reason:
      "Projects and applications are read by management v1, which every release has; the sandbox leaves out their v2 and v2beta forms.",
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
