// @ts-check
import { button, copyButton, disclosure, h } from "./element.js";
import { avatar } from "./identity_view.js";
import { API_SCOPE, joinScopes, OWNER_SCOPE, roleScopes } from "./instance.js";
/** @import { Child, Choice, Settings, User, World } from "../types.ts" */

const SCOPES = "openid profile email offline_access";

/**
 * @typedef {object} Start
 * @property {Settings} settings
 * @property {World | undefined} world
 * @property {string} redirectUri
 * @property {Child} feedback
 * @property {(choice: Choice) => void} onLogin
 * @property {(token: string) => void} onPaste
 */

/**
 * Creates the first view: the sandbox's people, or a form for a client.
 *
 * @param {Start} start
 * @returns {HTMLElement[]}
 */
export function startView(start) {
  const { settings, world, feedback } = start;
  return [
    h("h1", { tabindex: -1 }, world ? "Log in as" : "What is in your tokens?"),
    h(
      "p.lead",
      world
        ? "Pick a person of the sandbox. You get a token as ZITADEL issues it, with the permissions that the function adds."
        : `Log in with an application of ${new URL(settings.issuer).host}, or paste a token.`,
    ),
    h("div.feedback", { id: "start-feedback" }, feedback),
    ...(world ? people(start, world) : [clientForm(start)]),
    pasteForm(start),
  ];
}

/** @param {Start} start @param {World} world */
function people({ redirectUri, onLogin }, world) {
  const apps = world.apps.filter((app) => app.kind === "oidc" && app.redirectUris.includes(redirectUri));
  const app = h(
    "select",
    { id: "app", name: "app" },
    ...apps.map(({ name, clientId }) => h("option", { value: clientId }, name)),
  );
  const scope = scopeField();
  const login = (/** @type {User} */ { userName }) =>
    onLogin({ clientId: valueOf(app), scope: valueOf(scope), loginHint: userName });
  return [
    h("div.field", h("label", { for: "app" }, "Application"), app),
    h(
      "ul.people",
      ...world.users
        .filter(({ isMachine }) => !isMachine)
        .map((person) =>
          h(
            "li",
            personButton(person, () => login(person)),
          )
        ),
    ),
    disclosure("more", "Requested scopes", field("Scopes to request", scope), roleScopesHint()),
  ];
}

/** @param {User} person @param {() => void} onclick */
function personButton(person, onclick) {
  const grants = person.grants.filter(({ active }) => active);
  return h(
    "button.person",
    { type: "button", id: `as-${person.userName}`, onclick },
    avatar(person.displayName),
    h("span.who", h("strong", person.displayName), " ", h("span.muted", person.organization)),
    " ",
    h(
      "span.grants",
      ...(grants.length === 0
        ? [h("span.muted", "no roles")]
        : grants.map(({ project, roles }) => h("span", h("span.muted", `${project}: `), roles.join(", "), " "))),
    ),
  );
}

/** @param {Start} start */
function clientForm({ settings, redirectUri, onLogin }) {
  const address = new URLSearchParams(location.search);
  const client = h("input", {
    id: "client",
    required: true,
    value: address.get("client_id") ?? settings.clientId,
    "aria-describedby": "client-hint",
    ...PLAIN_TEXT,
  });
  const project = h("input", {
    id: "project",
    value: address.get("project") ?? settings.projectId,
    "aria-describedby": "project-hint",
    ...PLAIN_TEXT,
  });
  const readsMapping = h("input", { id: "reads-mapping", type: "checkbox", "aria-describedby": "reads-hint" });
  const scope = scopeField();
  /** @param {Event} event */
  const onsubmit = (event) => {
    event.preventDefault();
    const { checked } = /** @type {HTMLInputElement} */ (readsMapping);
    const [clientId, id] = [valueOf(client), valueOf(project)];
    const query = new URLSearchParams({ client_id: clientId, ...(id && { project: id }) });
    history.replaceState(null, "", `/?${query}`);
    onLogin({
      clientId,
      scope: joinScopes(valueOf(scope), OWNER_SCOPE, id && roleScopes(id), checked ? API_SCOPE : ""),
    });
  };
  return h(
    "form.card",
    { onsubmit, "aria-label": "Log in" },
    field(
      "Client id",
      client,
      h(
        "p.hint",
        { id: "client-hint" },
        "A single-page (user agent) application with PKCE and JWT access tokens. ",
        h("code", "deno task dev --create-app PROJECT"),
        " creates one for this page, and removes it at the end. It must allow this redirect address:",
      ),
      h("div.copy", h("code", redirectUri), copyButton("copy-redirect", "Copy", redirectUri)),
    ),
    field(
      "Project id (optional)",
      project,
      h(
        "p.hint",
        { id: "project-hint" },
        "Requests this project's roles by scope, for a project that does not assert them.",
      ),
    ),
    h(
      "div.check",
      readsMapping,
      h(
        "div",
        h("label", { for: "reads-mapping" }, "Also read the mapping, with my own administrator rights"),
        h("p.hint", { id: "reads-hint" }, "Requests a token that may call ZITADEL's API as you. It stays in this tab."),
      ),
    ),
    disclosure("more", "Requested scopes", field("Scopes to request", scope)),
    h("button.primary", { type: "submit", id: "login" }, "Log in"),
  );
}

/** @param {Start} start */
function pasteForm({ world, onPaste }) {
  const token = h("textarea", { id: "token", rows: 4, "aria-describedby": "token-hint", ...PLAIN_TEXT });
  return disclosure(
    "paste",
    world ? "Paste a token instead" : "Or paste a token",
    field(
      "Token (JWT)",
      token,
      h("p.hint", { id: "token-hint" }, "The page checks its signature and explains it. It never leaves this page."),
    ),
    button("button.quiet", "read-token", "Read the token", () => onPaste(valueOf(token))),
  );
}

const PLAIN_TEXT = { spellcheck: "false", autocapitalize: "off", autocomplete: "off" };

function scopeField() {
  return h("textarea", { id: "scope", rows: 3, ...PLAIN_TEXT }, SCOPES);
}

/** @param {string} label @param {HTMLElement} control @param {...HTMLElement} hints */
function field(label, control, ...hints) {
  return h("div.field", h("label", { for: control.id }, label), control, ...hints);
}

function roleScopesHint() {
  return h(
    "p.hint",
    "A project that does not assert its roles gives them only on request: add ",
    h("code", "urn:zitadel:iam:org:project:id:<project id>:aud"),
    " and ",
    h("code", "urn:zitadel:iam:org:projects:roles"),
    ".",
  );
}

/** @param {HTMLElement} element */
function valueOf(element) {
  return /** @type {HTMLInputElement} */ (element).value.trim();
}
