import { generateKeyPairSync } from "node:crypto";
import type { CheckId } from "../../../harness/doctor/checks.ts";
import type { Level } from "../../../harness/doctor/finding.ts";
import type { GatherOptions } from "../../../harness/doctor/gather.ts";
import type { Sound } from "./_sound_instance.ts";

/** Makes a fault, and says how to look for it. */
type Make = (
  parts: ReturnType<typeof partsOf>,
) => Partial<GatherOptions> | void;

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

const PREUSERINFO = {
  conditionType: { case: "function", value: { name: "preuserinfo" } },
} as const;
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
  (...keys: ReturnType<typeof publicKey>[]): Make => ({ target, settings }) => {
    Object.assign(target, { payloadType: "jwe", keys });
    return { settings: { ...settings, PAYLOAD_PRIVATE_KEY: OURS.privateKey } };
  };

const set =
  (changed: Readonly<Record<string, string | undefined>>): Make =>
  ({ settings }) => ({ settings: { ...settings, ...changed } });

const setTarget =
  (changed: Partial<ReturnType<typeof partsOf>["target"]>): Make =>
  ({ target }) => void Object.assign(target, changed);

/** An action in one of the organization's flows, as tried on ZITADEL v4.13.1. */
const act = (flow: number, claim: string, name?: string): Make => {
  const script =
    `function act(ctx, api) { api.v1.claims.setClaim("${claim}", ["a"]) }`;
  const actions = { [flow]: [{ name: "act", script, active: true }] };
  return ({ organization }) =>
    void Object.assign(organization, { actions, ...name && { name } });
};

const addOrganizations = (count: number): Make => ({ addOrganization }) => {
  for (let i = 0; i < count; i++) addOrganization(`More ${i}`);
};

/** A fault for every finding, by the check and level that doctor reports. */
const MAKES: Readonly<Record<`${CheckId} ${Level}: ${string}`, Make>> = {
  "settings broken: one is missing": set({ CLIENT_SECRET: undefined }),
  "reachable broken: the instance does not answer": set({
    ZITADEL_DOMAIN: NOWHERE,
  }),
  "credential broken: it is refused": set({ CLIENT_SECRET: "wrong" }),
  "expiry warning: of a token": ({ scratch: { reader }, state, settings }) => {
    state.accessTokens.get(reader.token)!.expiresAt = (Date.now() + SOON_MS) /
      1000;
    const { CLIENT_ID: _, CLIENT_SECRET: __, ...others } = settings;
    return { settings: { ...others, ACCESS_TOKEN: reader.token } };
  },
  "expiry warning: of the admin token": ({ sandbox, state }) => {
    const token = state.accessTokens.get(sandbox.adminToken)!;
    token.expiresAt = (Date.now() + SOON_MS) / 1000;
  },
  "org_read broken: the service user has no role": ({ scratch, state }) => {
    const isReader = ({ userId }: { readonly userId: string }) =>
      userId === scratch.reader.id;
    state.members.splice(state.members.findIndex(isReader), 1);
  },
  "org_read warning: in some of all organizations": () => ({
    organizations: [],
  }),
  "not_checked note: more organizations than are looked at": (parts) => {
    addOrganizations(20)(parts);
    return { organizations: [] };
  },
  "not_checked warning: more than the actions of which are looked at":
    addOrganizations(200),
  "admin note: there is no token": set({ ZITADEL_ADMIN_TOKEN: undefined }),
  "admin broken: the token has no role": ({ scratch, settings }) => ({
    settings: { ...settings, ZITADEL_ADMIN_TOKEN: scratch.reader.token },
  }),
  "actions_v1 broken: one names the claim": act(2, "permissions"),
  "actions_v1 broken: one names the attribute for SAML": act(4, "permissions"),
  "actions_v1 broken: in another case": act(2, "permi\\u017f\\u017fions"),
  "actions_v1 broken: of an organization that is called like a check's": act(
    2,
    "permissions",
    "permissions-check-deadbeef",
  ),
  "actions_v1 note: one sets another claim": act(2, "team"),
  "target broken: none signs with the key": setTarget({
    signingKey: "another",
  }),
  "spare_key note: a key is that of no target": ({ settings, target }) => ({
    settings: {
      ...settings,
      AUTHORIZATION_SIGNING_KEY: `${target.signingKey},left-over`,
    },
  }),
  "answer broken: it is ignored": setTarget({ type: "restWebhook" }),
  "payload_type broken: there is no key": setTarget({ payloadType: "jwe" }),
  "payload_key broken: none is active": encrypt(
    publicKey(OURS.publicKey, { active: false }),
  ),
  "payload_key broken: it has expired": encrypt(
    publicKey(OURS.publicKey, { expires: new Date(Date.now() - 1_000) }),
  ),
  "payload_key warning: it expires soon": encrypt(
    publicKey(OURS.publicKey, { expires: new Date(Date.now() + SOON_MS) }),
  ),
  "payload_key broken: another's": encrypt(publicKey(createKeys().publicKey)),
  "payload_key ok: ours": encrypt(publicKey()),
  "timeout warning: ZITADEL waits no longer than the function": (
    { settings, target },
  ) => {
    target.timeoutMs = 2_000;
    return { settings: { ...settings, UPSTREAM_TIMEOUT_MS: "2000" } };
  },
  "timeout warning: a login may hang": setTarget({ timeoutMs: 60_000 }),
  "interrupt note: it is on": setTarget({ interruptOnError: true }),
  "locked_out broken: interrupt is on, and nothing answers": setTarget({
    interruptOnError: true,
    endpoint: NOWHERE,
  }),
  "bound broken: to no function": ({ state }) => state.executions.clear(),
  "bound note: to preuserinfo only": ({ access }) =>
    void (access.condition = PREUSERINFO),
  "bound_before note: another target": ({ access, addTarget }) =>
    void access.targets.unshift(addTarget()),
  "bound_after warning: another target": ({ access, addTarget }) =>
    void access.targets.push(addTarget()),
  "events note: they are not bound": ({ state, access }) => {
    state.executions.clear();
    state.executions.set("access", access);
  },
  "canary note: its endpoint is not known": set({
    ZITADEL_ADMIN_TOKEN: undefined,
  }),
  "canary broken: nothing answers": setTarget({ endpoint: NOWHERE }),
  "canary broken: the function has another key": ({ settings, target }) => {
    target.signingKey = "another";
    return { settings: { ...settings, AUTHORIZATION_SIGNING_KEY: "another" } };
  },
  "client broken: no application has it": () => ({ clientId: "1" }),
  "applications broken: it is not listed": ({ app, settings }) => ({
    settings: { ...settings, APPLICATIONS: "another" },
    clientId: app.clientId,
  }),
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
  "mapping warning: there is none": ({ organization }) =>
    organization.metadata.clear(),
  "unreadable_value broken: a role's": ({ admin }) =>
    void (admin.value = value('["a", 1]')),
  "unreadable_value note: no role's": ({ organization, admin }) =>
    void organization.metadata.set("note", { ...admin, value: value("{}") }),
  "unmapped_role warning: no entry": ({ organization }) =>
    void organization.metadata.delete("admin"),
  "unused_entry note: no role": ({ organization, admin }) =>
    void organization.metadata.set("admni", admin),
  "unused_entry warning: of a project that PROJECTS does not list": (
    { addProject, organization, admin, scratch },
  ) => {
    addProject({ roles: new Set(["packer"]) });
    organization.metadata.set("packer", admin);
    return { organizations: [scratch.organization.id] };
  },
  "shared_name warning: of two projects": (
    { addProject, project, settings },
  ) => ({
    settings: { ...settings, PROJECTS: `${project.id},${addProject()}` },
  }),
  "projects note: unset": set({ PROJECTS: undefined }),
  "projects warning: unset, another organization owns one, and keys name none":
    ({ scratch, settings, addOrganization, addProject }) => {
      addProject({ organizationId: addOrganization("Customer") });
      return {
        settings: {
          ...settings,
          PROJECTS: undefined,
          METADATA_ORGANIZATION: scratch.organization.id,
        },
        organizations: [],
      };
    },
  "projects broken: one does not exist": ({ settings }) => ({
    settings: { ...settings, PROJECTS: `${settings.PROJECTS},4711` },
  }),
  "claimable_entry broken: of a chosen id": (
    { settings, state, project, organization, admin },
  ) => {
    state.projects.set("shop", { ...project, id: "shop" });
    organization.metadata.set("shop:admin", admin);
    return { settings: { ...settings, PROJECTS: undefined } };
  },
  "customers warning: another organization has an owner": (
    { state, addOrganization },
  ) => {
    const organizationId = addOrganization("Customer");
    const userId = "300000000000000006";
    state.members.push({ userId, organizationId, roles: ["ORG_OWNER"] });
  },
  "organization broken: METADATA_ORGANIZATION does not exist": (
    { settings },
  ) => ({
    settings: { ...settings, METADATA_ORGANIZATION: "4711" },
    organizations: [],
  }),
  "claim_name warning: a dot": set({ PERMISSIONS_CLAIM: "a.permissions" }),
  "omitted_names warning: a space in a string": ({ settings, admin }) => {
    admin.value = value('["read all"]');
    return { settings: { ...settings, PERMISSIONS_SHAPE: "string" } };
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
  "claim_size warning: a role adds 5 kB": ({ admin }) =>
    void (admin.value = value(JSON.stringify(["x".repeat(5_000)]))),
};

export const FAULTS = Object.entries(MAKES).map(([name, make]) => {
  const [check, level] = name.split(/[ :]/) as [CheckId, Level];
  return { name, check, level, make };
});
