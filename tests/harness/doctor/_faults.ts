import { generateKeyPairSync } from "node:crypto";
import type { CheckId } from "../../../harness/doctor/checks.ts";
import type { Level } from "../../../harness/doctor/finding.ts";
import type { GatherOptions } from "../../../harness/doctor/facts.ts";
import { createCredential } from "../../../harness/zitadel/credential.ts";
import { DEFAULT_TARGET_NAME } from "../../../harness/zitadel/target.ts";
import { addMember } from "../../../harness/zitadel/user.ts";
import type { Sound } from "./_sound_instance.ts";

/** How to look for a fault, with settings that are changed. */
type Options =
  | (Omit<Partial<GatherOptions>, "settings"> & {
    set?: GatherOptions["settings"];
  })
  | void;

type Parts = ReturnType<typeof partsOf>;

/** Makes a fault, and returns how to look for it. */
type Make = (parts: Parts) => Options | Promise<Options>;

/**
 * A fault, the findings that it has beside the first one (those that are ok are not
 * listed), and what the first one says: seen, items, why and fix, a line each.
 */
type Fault = Make | readonly [Make, ...(string | RegExp)[]];

let lastId = 1000;

/** The parts of the sandbox's world that faults are made in. */
export function partsOf(it: Sound) {
  const { sandbox, scratch } = it;
  const state = sandbox.world;
  const target = [...state.targets.values()][0]!;
  const organization = state.organizations.get(scratch.organization.id)!;
  const project = state.projects.get(scratch.project.id)!;
  const add = <T>(map: Map<string, T>, like: T, changed: Partial<T>) => {
    const id = `30000000000000${++lastId}`;
    map.set(id, { ...structuredClone(like), id, ...changed });
    return id;
  };
  return {
    ...it,
    state,
    target,
    organization,
    project,
    executions: [...state.executions.values()],
    access: state.executions.get("preaccesstoken")!,
    app: [...state.apps.values()].find(({ clientId }) =>
      clientId === scratch.application.clientId
    )!,
    admin: organization.metadata.get("admin")!,
    addTarget: (name = "other") =>
      add(state.targets, target, { name, signingKey: "otherKey" }),
    addOrganization: (name: string) =>
      add(state.organizations, organization, { name }),
    addProject: (changed: Partial<typeof project> = {}) =>
      add(state.projects, project, { name: "Warehouse", ...changed }),
  };
}

const value = (text: string) => new TextEncoder().encode(text);

/** Without the credential that the function has. */
const NO_SECRET = { CLIENT_ID: undefined, CLIENT_SECRET: undefined };

const PREUSERINFO = {
  conditionType: { case: "function", value: { name: "preuserinfo" } },
} as const;

/** What follows if the targets cannot be seen. */
const NO_TARGETS = ["canary note", "not_checked note"];

const NOWHERE = "http://127.0.0.1:9/";
const SOON_MS = 29 * 24 * 60 * 60 * 1_000;

const createKeys = () =>
  generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
const OURS = createKeys();

const publicKey = (pem = OURS.publicKey, changed = {}) => {
  const created = new Date();
  const dated = { created, changed: created, sequence: 1 };
  return { id: "1", pem, active: true, ...dated, ...changed };
};

/** The function has a private key, and payloads are encrypted for these. */
const encrypt =
  (...keys: ReturnType<typeof publicKey>[]): Make => ({ target }) => {
    Object.assign(target, { payloadType: "jwe", keys });
    return { set: { PAYLOAD_PRIVATE_KEY: OURS.privateKey } };
  };

const set = (set: GatherOptions["settings"]): Make => () => ({ set });

const setTarget = (changed: Partial<Parts["target"]>): Make => ({ target }) =>
  void Object.assign(target, changed);

/** An action in one of the organization's flows, as tried on ZITADEL v4.13.1. */
const act = (flow: number, claim: string, name?: string): Make => {
  const script =
    `function act(ctx, api) { api.v1.claims.setClaim("${claim}", ["a"]) }`;
  const actions = { [flow]: [{ name: "act", script, active: true }] };
  return ({ organization }) =>
    void Object.assign(organization, { actions, ...name && { name } });
};

const addOrganizations =
  (count: number, options?: Options): Make => ({ addOrganization }) => {
    for (let i = 0; i < count; i++) addOrganization(`More ${i}`);
    return options;
  };

/** Marks the service user as one that `setup` created. */
function markReader({ users }: Parts["state"], { reader }: Parts["scratch"]) {
  users.get(reader.id)!.description =
    "Reads role mappings for the permissions function (created by setup for ours)";
}

const unbindEvents: Make = ({ state, access }) => {
  state.executions.clear();
  state.executions.set("access", access);
};

/** The admin's entry. */
const write = (bytes: string | Uint8Array): Make => ({ admin }) =>
  void (admin.value = typeof bytes === "string" ? value(bytes) : bytes);

const CUSTOMER = "300000000000000005";

/** Adds a customer's organization to which the project is granted; with settings that are changed, of those for customers. */
const addCustomer = (
  changed?: Readonly<Record<string, string | undefined>>,
  { owner = false, interruptOnError = false } = {},
): Make =>
({ state, organization, project, scratch, target }) => {
  const { id } = organization;
  const customer = { ...organization, id: CUSTOMER, name: "Customer" };
  state.organizations.set(CUSTOMER, customer);
  state.projectGrants.set("300000000000000007", {
    ...project,
    id: "300000000000000007",
    projectId: project.id,
    organizationId: CUSTOMER,
    roles: ["viewer"],
  });
  if (owner) {
    const userId = "300000000000000006";
    const roles = ["ORG_OWNER"];
    state.members.push({ userId, organizationId: CUSTOMER, roles });
  }
  target.interruptOnError = interruptOnError;
  return changed && {
    set: {
      METADATA_ORGANIZATION: id,
      GRANTED_BY: `user,${id}`,
      APPLICATIONS: scratch.application.clientId,
      ...changed,
    },
  };
};

/** Just these parts of the set-up for customers are missing. */
const parts = (...names: string[]) =>
  new RegExp(`missing\\n${names.map((it) => `${it} .*\\n`).join("")}(?!C)`);

/** A fault for every finding, by the check and level that doctor reports. */
const MAKES: Readonly<Record<`${CheckId} ${Level}: ${string}`, Fault>> = {
  "settings broken: what setup writes is missing": [
    set({
      AUTHORIZATION_SIGNING_KEY: undefined,
      ...NO_SECRET,
    }),
    ...NO_TARGETS,
    /^.*\nAUTHORIZATION_SIGNING_KEY .*\nACCESS_TOKEN .*\n/,
  ],
  "settings broken: more than that is": [
    set({ AUTHORIZATION_SIGNING_KEY: undefined, PORT: "many" }),
    ...NO_TARGETS,
    /\ncorrect them/,
  ],
  "reachable broken: the instance does not answer": set({
    ZITADEL_DOMAIN: NOWHERE,
  }),
  "credential broken: it is refused": [
    set({ CLIENT_SECRET: "wrong" }),
    "not_checked note",
  ],
  "credential broken: a token has expired": [
    set({
      ...NO_SECRET,
      ACCESS_TOKEN: "expired",
    }),
    "not_checked note",
    /refused the service user's ACCESS_TOKEN/,
    /expired, revoked or of another instance/,
  ],
  "expiry warning: of a token": ({ scratch: { reader }, state }) => {
    state.accessTokens.get(reader.token)!.expiresAt = (Date.now() + SOON_MS) /
      1000;
    return { set: { ...NO_SECRET, ACCESS_TOKEN: reader.token } };
  },
  "expiry warning: of a key whose file does not name it": [
    async ({ instance, scratch }) => {
      const owner = {
        organization: scratch.organization.id,
        user: scratch.reader.id,
      };
      const key = { kind: "key", days: 29 } as const;
      const { value } = await createCredential(instance, owner, key);
      const { expirationDate: _, ...file } = JSON.parse(value);
      return {
        set: { ...NO_SECRET, SERVICE_ACCOUNT_KEY: JSON.stringify(file) },
      };
    },
    /^the credential expires on \d{4}-\d\d-\d\d, in 28 days$/m,
  ],
  "expiry note: no one may ask for it": [
    ({ scratch: { reader }, state }) => {
      state.members.splice(0, Infinity);
      const ACCESS_TOKEN = reader.token;
      return {
        set: { ...NO_SECRET, ACCESS_TOKEN, ZITADEL_ADMIN_TOKEN: undefined },
      };
    },
    "admin note",
    "org_read broken",
    ...NO_TARGETS,
    "not_checked note",
    "not_checked warning",
    /^not known: /,
  ],
  "expiry warning: of the admin token": ({ sandbox, state }) => {
    const token = state.accessTokens.get(sandbox.adminToken)!;
    token.expiresAt = (Date.now() + SOON_MS) / 1000;
  },
  "org_read broken: the service user has no role": ({ scratch, state }) => {
    const isReader = ({ userId }: { readonly userId: string }) =>
      userId === scratch.reader.id;
    state.members.splice(state.members.findIndex(isReader), 1);
    markReader(state, scratch);
  },
  "org_read warning: in some of all organizations": ({ scratch, state }) => {
    markReader(state, scratch);
    return { org: [] };
  },
  "not_checked note: more organizations than are looked at": [
    addOrganizations(20, { org: [] }),
    "org_read warning",
  ],
  "not_checked warning: more than the actions of which are looked at":
    addOrganizations(200),
  "not_checked note: there is no token": [
    set({ ZITADEL_ADMIN_TOKEN: undefined }),
    "admin note",
    "canary note",
    /customers' organizations/,
  ],
  "admin broken: the token has no role": [
    ({ scratch }) => ({
      set: { ZITADEL_ADMIN_TOKEN: scratch.reader.token },
    }),
    "expiry warning",
    ...NO_TARGETS,
  ],
  "admin broken: the token is not valid": [
    set({ ZITADEL_ADMIN_TOKEN: "revoked" }),
    ...NO_TARGETS,
  ],
  "admin broken: no one has a role": [
    ({ state }) => void state.members.splice(0, Infinity),
    "org_read broken",
    "canary note",
    "not_checked warning",
    "not_checked note",
    "not_checked note",
  ],
  "actions_v1 broken: one names the claim": act(2, "permissions"),
  "actions_v1 broken: one names the attribute for SAML": act(4, "permissions"),
  "actions_v1 broken: of an organization that is called like a check's": act(
    2,
    "permissions",
    "permissions-check-deadbeef",
  ),
  "actions_v1 note: one sets another claim": act(2, "team"),
  "target broken: the default one has another key": [
    setTarget({ name: DEFAULT_TARGET_NAME, signingKey: "another" }),
    // The function runs with the env file's key, and answers to it.
    "canary ok",
  ],
  "target broken: the only one that is called has another key": [
    setTarget({
      name: "Shop's",
      signingKey: "another",
      interruptOnError: true,
      endpoint: "http://localhost:9/",
    }),
    "canary broken",
    "credential broken",
    "not_checked note",
    /every login fails/,
    /^deno task setup --name 'Shop'\\''s' --force$/m,
  ],
  "spare_key note: a key is that of no target": ({ target }) => ({
    set: { AUTHORIZATION_SIGNING_KEY: `${target.signingKey},left-over` },
  }),
  "answer broken: it is ignored": setTarget({ type: "restWebhook" }),
  "payload_type broken: there is no key": [
    setTarget({ payloadType: "jwe" }),
    "payload_key broken",
    "jwt_events warning",
  ],
  "payload_key broken: none is active": [
    encrypt(
      publicKey(OURS.publicKey, { active: false }),
    ),
    "jwt_events warning",
  ],
  "payload_key broken: it has expired": [
    encrypt(
      publicKey(OURS.publicKey, { expires: new Date(Date.now() - 1_000) }),
    ),
    "jwt_events warning",
  ],
  "payload_key warning: it expires soon": [
    encrypt(
      publicKey(OURS.publicKey, { expires: new Date(Date.now() + SOON_MS) }),
    ),
    "jwt_events warning",
  ],
  "payload_key broken: another's": [
    encrypt(publicKey(createKeys().publicKey)),
    "jwt_events warning",
  ],
  "payload_key ok: ours": [encrypt(publicKey()), "jwt_events warning"],
  "timeout warning: ZITADEL waits no longer than the function": (
    { target },
  ) => {
    target.timeoutMs = 2_000;
    return { set: { UPSTREAM_TIMEOUT_MS: "2000" } };
  },
  "timeout warning: a login may hang": setTarget({ timeoutMs: 60_000 }),
  "interrupt note: it is on": setTarget({ interruptOnError: true }),
  "locked_out broken: interrupt is on, and nothing answers": [
    setTarget({ interruptOnError: true, endpoint: NOWHERE }),
    "credential broken",
    "canary broken",
    "interrupt note",
    "not_checked note",
  ],
  "bound broken: to no function": [
    ({ state }) => state.executions.clear(),
    "events note",
  ],
  "bound note: to preuserinfo only": ({ access }) =>
    void (access.condition = PREUSERINFO),
  "bound_before note: another target": ({ access, addTarget }) =>
    void access.targets.unshift(addTarget()),
  "bound_after warning: another target": ({ access, addTarget }) =>
    void access.targets.push(addTarget()),
  "events note: they are not bound": unbindEvents,
  "revocation note: events are bound": [
    () => {},
    /^takes effect in new tokens at once/,
    /ask by introspection$/m,
    /^(?![^]*--also events)/,
  ],
  "revocation note: they are not": [
    unbindEvents,
    "events note",
    /^takes effect in all tokens after at most 12 h 11 min: 12 h, .* and 11 min of/,
    /--also events/,
  ],
  "canary broken: nothing answers": [
    setTarget({ endpoint: NOWHERE }),
    /^PORT=9 deno task start$/m,
  ],
  "canary broken: the function has another key": [
    ({ target }) => {
      target.signingKey = "another";
      return { set: { AUTHORIZATION_SIGNING_KEY: "another" } };
    },
    /^restart or deploy the function with this/m,
  ],
  "canary broken: the env file has no target's key, nor the function's": [
    ({ target }) => {
      Object.assign(target, { name: DEFAULT_TARGET_NAME, signingKey: "new" });
      return { set: { AUTHORIZATION_SIGNING_KEY: "lost" } };
    },
    "target broken",
    /does not accept the key in AUTHORIZATION_SIGNING_KEY$/m,
  ],
  "client broken: no application has it": () => ({ clientId: "1" }),
  "applications broken: it is not listed": [
    ({ app }) => ({
      set: { APPLICATIONS: "another" },
      clientId: app.clientId,
    }),
    "applications warning",
    "applications note",
  ],
  "applications warning: one does not exist, or is of another project": [
    ({ app, project, state }) => {
      const api = { ...app, id: "31", clientId: "32", name: "API" };
      const theirs = { ...app, id: "33", clientId: "34", projectId: "35" };
      state.projects.set("35", { ...project, id: "35", name: "Other" });
      state.apps.set(api.id, api);
      state.apps.set(theirs.id, theirs);
      const APPLICATIONS = `${app.clientId},34,4711`;
      return { set: { APPLICATIONS } };
    },
    "applications ok",
    "applications note",
    "applications note",
    /\n4711\n/,
  ],
  "impersonation note: it is off": set({ IMPERSONATION: "none" }),
  "leftover_application warning: of `dev --create-app`": ({ app }) =>
    void (app.name = "Token inspector (temporary) 2026-11-25T12:00:00.000Z"),
  "opaque_tokens warning: of an application": ({ app }) =>
    void (app.accessToken = "opaque"),
  "opaque_tokens broken: of the one asked for": ({ app }) => {
    app.accessToken = "opaque";
    return { clientId: app.clientId };
  },
  "opaque_tokens note: preuserinfo is bound": ({ app, state, access }) => {
    app.accessToken = "opaque";
    state.executions.set("more", { ...access, condition: PREUSERINFO });
  },
  "role_assertion warning: the project does not": ({ project }) =>
    void (project.roleAssertion = false),
  "mapping warning: there is none": [
    ({ organization }) => organization.metadata.clear(),
    "unmapped_role warning",
  ],
  "mapping note: no role has an entry": [
    ({ project }) => void (project.roles = new Set(["other"])),
    "unmapped_role warning",
    "unused_entry note",
    /^entries, none of which is of a role$/m,
  ],
  "mapping note: no project has the roles": [
    ({ project }) => project.roles.clear(),
    /^entries, and no project that has roles$/m,
    /^without a project that has these roles/m,
    /^create a project with these roles/m,
  ],
  "unreadable_value broken: base64 of names": [
    write("cmVhZDphbGwsd3JpdGU6YWxs"),
    /It is cmVh\S+ and should be \["read:all","write:all"\]$/m,
  ],
  "unreadable_value broken: Latin-1": [
    write(Uint8Array.from('["über"]', (char) => char.charCodeAt(0))),
    /should be \["über"\]$/m,
    /^save the value again/m,
  ],
  "unreadable_value note: no role's": ({ organization, admin }) =>
    void organization.metadata.set("note", { ...admin, value: value("{}") }),
  "unmapped_role warning: no entry": ({ organization }) =>
    void organization.metadata.delete("admin"),
  "unused_entry note: no role": ({ organization, admin }) =>
    void organization.metadata.set("admni", admin),
  "unused_entry warning: of a project that PROJECTS does not list": (
    { addProject, organization, admin },
  ) => {
    addProject({ roles: new Set(["packer"]) });
    organization.metadata.set("packer", admin);
  },
  "shared_name warning: of two projects": (
    { addProject, project },
  ) => ({
    set: { PROJECTS: `${project.id},${addProject()}` },
  }),
  "projects note: unset": set({ PROJECTS: undefined }),
  "projects note: unset, and each key names a project": [
    ({ organization, project, admin, addOrganization, addProject }) => {
      const { id, metadata } = organization;
      addProject({ organizationId: addOrganization("Customer") });
      metadata.clear();
      for (const role of project.roles) {
        metadata.set(`${project.id}:${role}`, admin);
      }
      return { set: { PROJECTS: undefined, METADATA_ORGANIZATION: id } };
    },
    "unmapped_role warning",
  ],
  "projects warning: unset, another organization owns one, and keys name none":
    [
      ({ scratch, addOrganization, addProject }) => {
        addProject({ organizationId: addOrganization("Customer") });
        return {
          set: {
            PROJECTS: undefined,
            METADATA_ORGANIZATION: scratch.organization.id,
          },
          org: [],
        };
      },
      "shared_name warning",
    ],
  "projects broken: one does not exist": ({ settings }) => ({
    set: { PROJECTS: `${settings.PROJECTS},4711` },
  }),
  "claimable_entry broken: of a chosen id": [
    ({ state, project, organization, admin }) => {
      state.projects.set("shop", { ...project, id: "shop" });
      organization.metadata.set("shop:admin", admin);
      return { set: { PROJECTS: undefined } };
    },
    "shared_name warning",
    "projects note",
  ],
  "customers ok: there are none": () => {},
  "customers ok: their owner administers the instance": (
    { state, addOrganization },
  ) => {
    const organizationId = addOrganization("Customer");
    const { userId } = state.members.find(({ organizationId, roles }) =>
      organizationId === undefined && roles.includes("IAM_OWNER")
    )!;
    state.members.push({ userId, organizationId, roles: ["ORG_OWNER"] });
  },
  "customers warning: a project is granted": [
    addCustomer(),
    /^projects are granted to Customer \(3/,
    parts("C1", "C3", "C4"),
  ],
  "customers warning: and nothing is set": [
    addCustomer({
      METADATA_ORGANIZATION: undefined,
      PROJECTS: undefined,
      GRANTED_BY: undefined,
      APPLICATIONS: undefined,
    }),
    "projects note",
    parts("C1", "C2", "C3", "C4"),
  ],
  "customers ok: all is set": addCustomer({}),
  "customers ok: organizations label the permissions": addCustomer({
    GRANTED_BY: undefined,
    PERMISSIONS_SHAPE: "by_organization",
  }),
  "customers warning: but not the roles": [
    addCustomer({
      GRANTED_BY: undefined,
      PERMISSIONS_SHAPE: "by_organization",
      ROLES_CLAIM: "roles",
    }),
    parts("C3"),
  ],
  "customers warning: an owner may write actions": [
    addCustomer({}, { owner: true }),
    /; owners of Customer \(\d+\) may write actions/,
    parts("C5"),
  ],
  "customers ok: an action is interrupted": [
    addCustomer({}, { owner: true, interruptOnError: true }),
    "interrupt note",
  ],
  "admin note: nor whether there are any matters": [
    addCustomer({ ZITADEL_ADMIN_TOKEN: undefined }),
    "canary note",
    "shared_name warning",
  ],
  "writers note: of one organization": [
    async ({ instance, scratch }) => {
      const { organization: { id }, person: { id: user } } = scratch;
      await addMember(instance, id, { user, role: "ORG_SETTINGS_MANAGER" });
      return { set: { METADATA_ORGANIZATION: id } };
    },
    /^user \S+ \(ORG_SETTINGS_MANAGER\)$/m,
    /^user \S+ \(IAM_OWNER\)$/m,
    /^(?![^]*VIEWER)/,
  ],
  "writers note: of each organization": [
    () => {},
    /^each organization's ORG_OWNER/m,
    /^(?![^]*\(ORG_SETTINGS_MANAGER\))/,
  ],
  "organization broken: METADATA_ORGANIZATION does not exist": () => ({
    set: { METADATA_ORGANIZATION: "4711" },
    org: [],
  }),
  "claim_name warning: a dot": set({ PERMISSIONS_CLAIM: "a.permissions" }),
  "omitted_names warning: a space in a string": ({ admin }) => {
    admin.value = value('["read all"]');
    return { set: { PERMISSIONS_SHAPE: "string" } };
  },
  "internal note: the host cannot be resolved from here": set({
    ZITADEL_INTERNAL_URL: "http://zitadel.invalid",
  }),
  "jwt_events warning: signed payloads": setTarget({ payloadType: "jwt" }),
  "address warning: a private one": () => ({
    resolve: () => Promise.resolve(["10.30.12.134"]),
  }),
  "rotation warning: unfinished": ({ addTarget }) =>
    void addTarget("ours (successor)"),
  "leftover warning: an organization": ({ addOrganization }) =>
    void addOrganization("permissions-check-0123abcd"),
  "claim_size warning: a role adds 5 kB": write(
    JSON.stringify(["x".repeat(5_000)]),
  ),
};

export const FAULTS = Object.entries(MAKES).map(([name, fault]) => {
  const [check, level] = name.split(/[ :]/) as [CheckId, Level];
  const [make, ...expected] = typeof fault === "function" ? [fault] : fault;
  return {
    name,
    check,
    level,
    expected,
    async make(it: Sound): Promise<Partial<GatherOptions>> {
      const { set, ...options } = await make(partsOf(it)) ?? {};
      return { ...options, settings: { ...it.settings, ...set } };
    },
  };
});
