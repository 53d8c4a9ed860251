import { z } from "zod";
import type { EntryName } from "./describe_answer.ts";
import type { ExplainRules, MappingOf, RoleExplanation } from "./explain.ts";
import type { HeldRoles } from "./explain_permission.ts";
import type { Binding } from "../zitadel/binding.ts";

export type { EntryName };

/** A call of a target, as the sandbox shows it. */
const Exchange = z.object({
  /** In milliseconds since 1970, by ZITADEL's clock. */
  time: z.number(),
  condition: z.string(),
  target: z.object({ endpoint: z.string() }),
  reply: z.object({ status: z.number(), body: z.string() }).optional(),
  error: z.string().optional(),
});

export type Exchange = z.infer<typeof Exchange>;

/** What the page found out: never a token. */
export const Question = z.object({
  /** The one permission that is asked about. */
  permission: z.string().optional(),
  /** The permissions claim: missing, of a shape that is not ours, empty, filled. */
  claim: z.enum(["missing", "odd", "empty", "filled"]),
  /** The permissions in it, with what the shapes by project and by organization tell. */
  items: z.array(z.object({
    permission: z.string(),
    project: z.string().optional(),
    organization: z.string().optional(),
  })),
  isOpaque: z.boolean(),
  audience: z.array(z.string()),
  /** In milliseconds since 1970, by ZITADEL's clock. */
  issuedAt: z.number().optional(),
  /** Missing for a pasted token of a real instance. */
  login: z.object({ clientId: z.string(), scope: z.string() }).optional(),
  userinfo: z.object({ hasClaim: z.boolean(), error: z.string().optional() })
    .optional(),
  /** The call of the function, or what claims say of it; missing if no roles are known. */
  call: z.unknown().optional(),
  /** The calls for this token; missing if they cannot be seen. */
  exchanges: z.array(Exchange).optional(),
  /** The mappings that are known, values in base64. */
  organizations: z.array(z.object({
    id: z.string(),
    name: z.string(),
    entries: z.array(z.object({
      key: z.string(),
      value: z.base64(),
      /** In milliseconds since 1970, by ZITADEL's clock. */
      changed: z.number().optional(),
    })),
  })),
  /** Known of the sandbox's users only. */
  user: z.object({
    displayName: z.string(),
    isMachine: z.boolean(),
    organizationId: z.string(),
    grants: z.array(z.object({
      projectId: z.string(),
      /** Its name. */
      project: z.string().optional(),
      organizationId: z.string(),
      roles: z.array(z.string()),
      active: z.boolean(),
    })),
  }).optional(),
  projects: z.array(z.object({ id: z.string(), name: z.string() })),
  /** Where an API looks in a claim by project or organization. */
  place: z.object({ project: z.string(), organization: z.string() }),
});

export type Question = z.infer<typeof Question>;

/** A role that ZITADEL sent, and what the function's code makes of it. */
export type Role =
  & RoleExplanation
  & Pick<HeldRoles, "project" | "grantedBy" | "organization">
  & { readonly isCounted: boolean };

/** What is judged. */
export interface Facts extends Question {
  /** The name of the permissions claim. */
  readonly claimName: string;
  readonly rules: ExplainRules;
  /** How long the function serves a mapping as it is. */
  readonly freshMs: number;
  /** The project that the page was started for; empty if none. */
  readonly projectId: string;
  /** What is bound; `undefined` if no administrator's token can tell. */
  readonly binding: readonly Binding[] | undefined;
  /** The function's last log line about a failure, if it runs here. */
  readonly failure: Readonly<Record<string, unknown>> | undefined;
  readonly roles: readonly Role[];
  /** All that the user has, also what ZITADEL did not send. */
  readonly held: readonly HeldRoles[];
  readonly mappingOf: MappingOf;
}

/** What a button does about a finding: one of the fields beside the label. */
export interface Fix {
  readonly label: string;
  /** Log in again and request these scopes too, separated by spaces. */
  readonly scopes?: string;
  /** Log in again with this application. */
  readonly clientId?: string;
  /** Add entries, with the permissions of another entry or with examples. */
  readonly add?:
    readonly (EntryName & { readonly like?: string | undefined })[];
  readonly edit?: EntryName;
  /** A command to run. */
  readonly copy?: string;
  /** Get a new token. */
  readonly renew?: boolean;
}

/** A cause or an answer, in words for people. */
export interface Finding {
  readonly title: string;
  readonly text: string;
  readonly fix?: Fix;
  /** `good`: nothing is missing. `note`: nothing is wrong, something is worth knowing. */
  readonly tone?: "good" | "note";
  /** The function was not asked or did not answer: that is the cause for every permission. */
  readonly isBroken?: boolean;
}
