/**
 * Everything that doctor checks: why it matters, and how to fix it. The README's
 * troubleshooting table is this table.
 *
 * @module
 */

/** What is said about a check, whatever was seen. */
export interface Check {
  /** What is looked at. */
  readonly title: string;
  /** Why it matters: the symptom that it has. */
  readonly why: string;
  /** The command or console path that fixes it. */
  readonly fix: string;
}

/** The checks, in the order in which they are told. */
export const CHECKS = {
  settings: {
    title: "settings",
    why: "the function does not start with settings that it cannot use",
    fix: "correct them in the env file or the environment",
  },
  reachable: {
    title: "instance",
    why:
      "without ZITADEL no mapping can be read, and tokens come without permissions",
    fix:
      "check ZITADEL_DOMAIN, the network and the certificate between here and the instance",
  },
  release: {
    title: "release",
    why: "ZITADEL v3 and later have what the function needs",
    fix: "upgrade ZITADEL, or let gRPC-web pass the proxy before it",
  },
  tls: {
    title: "TLS",
    why: "tokens, keys and grants travel readable by anyone on the way",
    fix:
      "serve it by https, and say so in ZITADEL_DOMAIN and in the target's endpoint",
  },
  clock: {
    title: "clock",
    why:
      "a signature counts for 300 s: with clocks further apart every call is refused with 401",
    fix:
      "synchronize the clocks (NTP) of this machine, ZITADEL and the function",
  },
  credential: {
    title: "credential",
    why:
      "with a credential that ZITADEL refuses, every call that needs the mapping is answered 502",
    fix:
      "create a new one for the service user (console: Users > Service Users > Personal Access Tokens, or Actions > Generate Client Secret) and set it",
  },
  expiry: {
    title: "expiry",
    why: "the day it expires, tokens come without permissions",
    fix:
      "create a new one in time (console: Users > Service Users > Personal Access Tokens, or Keys) and deploy it",
  },
  org_read: {
    title: "org.read",
    why:
      "without org.read ZITADEL answers with an empty list and no error; the function refuses to believe it and answers 502, so users of these organizations get no permissions",
    fix:
      "make the service user a manager with ORG_OWNER_VIEWER (console: Organization > Managers), or for all organizations IAM_OWNER_VIEWER (Default settings > Administrators)",
  },
  admin: {
    title: "admin token",
    why: "targets and bindings can be seen by IAM_OWNER only",
    fix:
      "set ZITADEL_ADMIN_TOKEN to a personal access token of a service user with IAM_OWNER",
  },
  target: {
    title: "target",
    why:
      "ZITADEL signs with the target's key; a function that has another refuses every call with 401",
    fix:
      "run `deno task setup --endpoint URL`, with --force if the env file holds another key, then restart or deploy the function",
  },
  spare_key: {
    title: "spare key",
    why: "a key that no target uses is one more secret that can leak",
    fix: "remove it from AUTHORIZATION_SIGNING_KEY",
  },
  answer: {
    title: "target type",
    why: "only the answer of a target of type REST Call is read",
    fix:
      "run `deno task setup --endpoint URL`, or change the type (console: Actions > Targets)",
  },
  payload_type: {
    title: "payload type",
    why: "an encrypted payload cannot be opened without its private key",
    fix:
      "set PAYLOAD_PRIVATE_KEY, or set the target's payload type to JSON (console: Actions > Targets)",
  },
  timeout: {
    title: "timeout",
    why:
      "ZITADEL gives up before the function does, or keeps people waiting at the login",
    fix: "run `deno task setup --timeout 10s`, or lower UPSTREAM_TIMEOUT_MS",
  },
  interrupt: {
    title: "interruptOnError",
    why:
      "every login of the instance, the console's too, fails while the function does",
    fix:
      "leave it if no login is better than one without permissions; else run `deno task setup --no-interrupt-on-error`",
  },
  bound: {
    title: "binding",
    why: "a target that is bound to nothing is never called",
    fix:
      "run `deno task setup --endpoint URL`, or bind it to the function preaccesstoken (console: Actions > Actions)",
  },
  bound_before: {
    title: "called before",
    why:
      "what it appends is kept; what it answers slowly is waited for at every login",
    fix: "nothing, if it is meant to be there (console: Actions > Actions)",
  },
  bound_after: {
    title: "called after",
    why:
      "a later target that answers with append_claims, be it an empty list, replaces ours",
    fix:
      "put it before this one, or let it repeat what it finds in response.append_claims (console: Actions > Actions)",
  },
  events: {
    title: "events",
    why:
      "a change of the mapping is then seen only when CACHE_FRESH_SECONDS have passed",
    fix: "run `deno task setup --also events`",
  },
  canary: {
    title: "function",
    why: "this is what ZITADEL meets when it calls",
    fix:
      "start or deploy the function with this AUTHORIZATION_SIGNING_KEY, and check the endpoint (`deno task setup --endpoint URL`)",
  },
  client: {
    title: "client id",
    why: "no one can log in with a client id that does not exist",
    fix:
      "check the id (console: Projects > Applications), and give its organization by --org",
  },
  opaque_tokens: {
    title: "opaque tokens",
    why:
      "for opaque access tokens ZITADEL does not call preaccesstoken: they never carry permissions",
    fix:
      "set the access token type to JWT (console: Projects > Application > Token Settings), or bind preuserinfo too and ask by introspection (`deno task setup --also preuserinfo`)",
  },
  leftover_application: {
    title: "leftover application",
    why:
      "`deno task dev --create-app` was killed before it removed its application, which still lets people log in at the inspector's address",
    fix: "delete it (console: Projects > Applications)",
  },
  role_assertion: {
    title: "role assertion",
    why:
      "a project that does not assert roles sends none unless the scope asks for them, and without roles there are no permissions",
    fix:
      'turn on "Assert Roles on Authentication" (console: Projects > General), or ask with the scope urn:zitadel:iam:org:projects:roles',
  },
  mapping: {
    title: "mapping",
    why: "without entries no role grants anything",
    fix: "run `deno task setup --org ID --roles FILE`",
  },
  unreadable_value: {
    title: "unreadable value",
    why: "an entry that cannot be read grants nothing",
    fix:
      'write it as a JSON array of strings, such as ["read:all"] (console: Organization > Metadata, or `deno task setup --roles FILE`)',
  },
  unmapped_role: {
    title: "unmapped role",
    why: "a role without an entry grants nothing",
    fix:
      "add it to the mapping, with an empty array if it is to grant nothing (`deno task setup --roles FILE`)",
  },
  unused_entry: {
    title: "unused entry",
    why: "an entry that no role uses is a typing error, or a left-over",
    fix:
      "nothing, if it is not part of the mapping; else correct or remove the key (console: Organization > Metadata)",
  },
  shared_name: {
    title: "shared name",
    why:
      "two projects have a role of this name, and a user who has it in one also gets what it grants in the other",
    fix:
      "if they are to differ, give each project its own entry, <project id>:<role> (by project in the file of `deno task setup --roles FILE`)",
  },
  plain_key: {
    title: "plain key",
    why:
      "an entry <role> counts for every project on the instance that has a role of this name, also for one that a customer's organization creates",
    fix:
      "write it as <project id>:<role> (by project in the file of `deno task setup --roles FILE`)",
  },
  claim_size: {
    title: "claim size",
    why:
      "a token travels in a header, and proxies cut headers near 8 kB; ZITADEL itself sets no limit",
    fix: "give coarser permissions to the role",
  },
  live: {
    title: "live",
    why: "this is the whole chain, with a real token",
    fix: "fix what is reported above first; then read the function's log",
  },
} as const satisfies Record<string, Check>;

/** The id of a check. */
export type CheckId = keyof typeof CHECKS;
