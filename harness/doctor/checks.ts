/**
 * Everything that doctor checks: why it matters, and how to fix it. A cause that
 * the function itself recognizes has the remedy of the function's log instead.
 * docs/troubleshooting.md lists the same causes by symptom.
 *
 * @module
 */

/**
 * What is said about a check, whatever was seen.
 *
 * @param why The symptom.
 * @param fix A command to paste, then other ways, a line each. `ID` is completed if it is known.
 */
const check = (why: string, fix: string) => ({ why, fix });

export const CHECKS = {
  locked_out: check(
    "interruptOnError is on, so a login fails while the function does",
    "deno task setup --no-interrupt-on-error\nlets people in again, without permissions; fix what is reported below, then turn it on again",
  ),
  settings: check(
    "the function does not start with settings that it cannot use",
    "correct them in the env file or the environment",
  ),
  reachable: check(
    "without ZITADEL no mapping can be read, and tokens come without permissions; nothing else was checked",
    "check ZITADEL_DOMAIN, the network and the certificate between here and the instance",
  ),
  internal: check(
    "the function reads the mapping at ZITADEL_INTERNAL_URL",
    "run `deno task doctor` where the function runs, or read its log",
  ),
  release: check(
    "ZITADEL v3 and later have what the function needs",
    "upgrade ZITADEL, or let gRPC-web pass the proxy before it",
  ),
  tls: check(
    "tokens, keys and grants travel readable by anyone on the way",
    "serve it by https, and write https in ZITADEL_DOMAIN and in the target's endpoint",
  ),
  clock: check(
    "a signature counts for 300 s: with clocks further apart every call is refused with 401",
    "synchronize the clocks (NTP) of this machine, ZITADEL and the function",
  ),
  credential: check(
    "with a credential that ZITADEL refuses, every call that needs the mapping is answered 502",
    "deno task setup --service-user\ncreates a new one, or do so in the console (Users > Service Users) and set it",
  ),
  expiry: check(
    "the day it expires, tokens come without permissions",
    "deno task rotate --credential\nor create a new one (console: Users > Service Users > Personal Access Tokens, or Keys) and deploy it",
  ),
  organization: check(
    "an organization that does not exist has no mapping",
    "check METADATA_ORGANIZATION and --org (console: Organization > Resource ID)",
  ),
  org_read: check(
    "without org.read ZITADEL answers with an empty list, which the function does not trust: tokens come without permissions, or with interruptOnError on, logins fail",
    "deno task setup --service-user\nfor the user that it created; else make it a manager with ORG_OWNER_VIEWER (console: Organization > Managers), or IAM_OWNER_VIEWER (Default settings > Administrators)",
  ),
  metadata: check(
    "without the mapping, every call that needs it is answered 502 or 504",
    "read the function's log",
  ),
  not_checked: check(
    "what was not looked at may be broken",
    "give the token that doctor runs with the right to see it",
  ),
  admin: check(
    "targets and bindings can be seen by IAM_OWNER only",
    "set ZITADEL_ADMIN_TOKEN to a personal access token of a service user with IAM_OWNER",
  ),
  rotation: check(
    "a rotation of the signing key was begun and not finished; until then two keys may be in use",
    "deno task rotate",
  ),
  target: check(
    "ZITADEL signs with the target's key; a function that has another refuses every call with 401",
    "deno task setup --force --endpoint URL\nwith --name if the target is to have another name than the default; then restart or deploy the function, and run it again",
  ),
  spare_key: check(
    "a key that no target uses is one more secret that can leak",
    "remove it from AUTHORIZATION_SIGNING_KEY",
  ),
  answer: check(
    "only the answer of a target of type REST Call is read",
    "deno task setup --endpoint URL\nor change the type (console: Actions > Targets)",
  ),
  payload_type: check(
    "an encrypted payload cannot be opened without its private key",
    "set PAYLOAD_PRIVATE_KEY, or set the target's payload type to JSON (console: Actions > Targets)",
  ),
  payload_key: check(
    "ZITADEL encrypts payloads for the target's active public key: without one it does not call the function, and what is for another key cannot be opened",
    "add the public half of PAYLOAD_PRIVATE_KEY to the target and activate it (console: Actions > Targets), or set the payload type to JSON",
  ),
  timeout: check(
    "ZITADEL gives up before the function does, or keeps people waiting at the login",
    "deno task setup --timeout 10s\nor lower UPSTREAM_TIMEOUT_MS",
  ),
  interrupt: check(
    "logins of users with roles fail while the function does; if it is down, or has another key, every login of the instance, the console's too",
    "deno task setup --no-interrupt-on-error\nunless no login is better than one without permissions, or customers' administrators may write actions (docs/multi-tenancy.md)",
  ),
  bound: check(
    "a target that is bound to nothing is never called",
    "deno task setup --endpoint URL\nor bind it to the function preaccesstoken (console: Actions > Actions)",
  ),
  bound_before: check(
    "what it appends is kept; what it answers slowly is waited for at every login",
    "nothing, if it is meant to be there (console: Actions > Actions)",
  ),
  bound_after: check(
    "a later target that answers with append_claims, be it an empty list, replaces ours",
    "put it before this one, or let it repeat what it finds in response.append_claims (console: Actions > Actions)",
  ),
  events: check(
    "a change of the mapping is then seen only when CACHE_FRESH_SECONDS have passed",
    "deno task setup --also events",
  ),
  jwt_events: check(
    "ZITADEL does not deliver events to targets whose payload type is JWT or JWE, and reports no error",
    "bind the events to a second target with payload type JSON and the same endpoint, and add its key to AUTHORIZATION_SIGNING_KEY (console: Actions > Targets)",
  ),
  address: check(
    "ZITADEL v4.15.2 and later refuse to call loopback and private addresses, self-hosted too: after the upgrade the function is not called any more, and logins report no error",
    "set ZITADEL_HTTPCLIENT_DENYLIST on ZITADEL",
  ),
  canary: check(
    "this is what ZITADEL meets when it calls",
    "start or deploy the function with this AUTHORIZATION_SIGNING_KEY, and check the endpoint (`deno task setup --endpoint URL`)",
  ),
  deno: check(
    "Deno fixes its newest minor release only, security too, and there is no long-term support",
    "update this project and its image: docs/updating.md\nor run the function on a newer Deno: `deno upgrade`",
  ),
  client: check(
    "no one can log in with a client id that does not exist",
    "check the id (console: Projects > Applications), and give its organization by --org",
  ),
  opaque_tokens: check(
    "for opaque access tokens ZITADEL does not call preaccesstoken: they never carry permissions",
    "deno task setup --also preuserinfo\nand ask by introspection; or set the access token type to JWT (console: Projects > Application > Token Settings)",
  ),
  leftover_application: check(
    "`deno task dev --create-app` was killed before it removed its application, which still lets people log in at the inspector's address",
    "delete it (console: Projects > Applications)",
  ),
  role_assertion: check(
    "a project that does not assert roles sends none unless the scope asks for them, and without roles there are no permissions",
    'turn on "Assert Roles on Authentication" (console: Projects > General), or ask with the scope urn:zitadel:iam:org:projects:roles',
  ),
  claim_name: check(
    "gateways such as KrakenD and oauth2-proxy take a dot for a path into nested claims, and do not find the claim",
    "choose a name without a dot in PERMISSIONS_CLAIM and ROLES_CLAIM",
  ),
  projects: check(
    "roles of every project count, also of projects that customers' organizations create",
    "set PROJECTS to the ids of your projects",
  ),
  actions_v1: check(
    "ZITADEL runs an organization's actions before the function and keeps the first value of a claim: anyone who may edit an action that sets our claim decides what the organization's users may do",
    "remove it from the organization's flows Complement Token and Complement SAML Response (console: Actions), and take org.flow.write from its managers\n`deno task setup --interrupt-on-error` makes logins by OIDC fail instead",
  ),
  customers: check(
    "each missing part leaves a customer's administrator a way to permissions that are not theirs",
    "deno task setup --for-customers\nand let every API check aud and client_id (docs/multi-tenancy.md)",
  ),
  applications: check(
    "only tokens for the applications that are listed get permissions",
    "deno task setup --for-customers\nor correct APPLICATIONS",
  ),
  impersonation: check(
    "only releases after 10 August 2026 send who impersonates a user: on older ones IMPERSONATION=none changes nothing, and such a token has the user's permissions",
    "upgrade ZITADEL, and until then give no one a role that may impersonate",
  ),
  managers: check(
    "each credential of a service user with a manager's role opens what the role does; one that nothing uses can only leak",
    "nothing, if something uses them; else delete them (console: Users > Service Users)",
  ),
  writers: check(
    "who has org.write on the organization that holds the mapping decides what every role means",
    "remove managers who need not (console: Organization > Managers, Default settings > Administrators); see who did: deno task roles history",
  ),
  mapping: check(
    "without entries no role grants anything",
    "deno task setup --org ID --roles roles.json",
  ),
  unreadable_value: check(
    "an entry that cannot be read grants nothing",
    'deno task setup --org ID --roles roles.json\nor write it as a JSON array of strings, such as ["read:all"] (console: Organization > Metadata)',
  ),
  unmapped_role: check(
    "a role without an entry grants nothing",
    "deno task setup --org ID --roles roles.json\nwith the role in the file; give it an empty array if it is to grant nothing",
  ),
  unused_entry: check(
    "an entry that no role uses is a typing error or left over",
    "nothing, if it is not part of the mapping; else correct or remove the key (console: Organization > Metadata)",
  ),
  claimable_entry: check(
    "while PROJECTS is unset, a tenant's role of exactly this name gets what the entry grants to your project",
    "set PROJECTS to the ids of your projects, these among them; or use a project whose id is a number",
  ),
  shared_name: check(
    "two projects have a role of this name, and a user who has it in one also gets what it grants in the other",
    "if they are to differ, give each project its own entry, <project id>:<role> (by project in the file of `deno task setup --roles FILE`)",
  ),
  claim_size: check(
    "a token travels in a header, and proxies cut headers near 8 kB; ZITADEL itself sets no limit",
    "give coarser permissions to the role",
  ),
  omitted_names: check(
    "in PERMISSIONS_SHAPE=string spaces separate the permissions, so those with a space are left out of the token",
    "rename the permissions, or choose another PERMISSIONS_SHAPE",
  ),
  revocation: check(
    "tokens that are already issued keep their permissions until they expire",
    "shorten the access token's lifetime (console: Default settings > OIDC token lifetimes); bind events (`deno task setup --also events`); for a decision that must hold at once, ask by introspection",
  ),
  deactivated: check(
    "ZITADEL still sends the grants of deactivated projects, organizations and project grants, as active: their roles keep their permissions (seen on v4.13.1)",
    "remove the users' grants, or take the project out of PROJECTS or the organization out of GRANTED_BY",
  ),
  acknowledged: check(
    "what is not seen any more would be accepted unseen when it comes back",
    "remove them from the file",
  ),
  leftover: check(
    "an interrupted `doctor --live` left it behind",
    "deno task doctor --remove-leftovers",
  ),
  live: check(
    "this is the whole chain, with a real token",
    "fix what else is reported first, `bound_after` too; then read the function's log",
  ),
};

/** The id of a check, which findings, the output and acknowledgements name it by. */
export type CheckId = keyof typeof CHECKS;
