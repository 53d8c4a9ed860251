// @ts-check
import { button, copyButton, disclosure, h, PLAIN_TEXT, typed } from "./element.js";
import { avatar } from "./identity_view.js";
import { API_SCOPE, joinScopes, OWNER_SCOPE, roleScopes } from "./instance.js";
/** @import { Child, Login, Settings, User, World } from "../types.ts" */

const SCOPES = "openid profile email offline_access";

/**
 * @typedef {object} Start
 * @property {Settings} settings
 * @property {World | undefined} world
 * @property {string} redirectUri
 * @property {Child} feedback
 * @property {(login: Login) => void} onLogin
 * @property {(token: string) => void} onPaste
 */

/**
 * Creates the first view: the sandbox's people, or a form for a client.
 *
 * @param {Start} start
 */
export function startView(start) {
  const { settings, world, feedback, onPaste } = start;
  return h(
    "div.start",
    h("h1", { tabindex: -1 }, world ? "Log in as" : "What is in your tokens?"),
    h(
      "p.lead",
      world
        ? "Pick a user of the sandbox. You get a token as ZITADEL issues it, with the permissions that the function adds."
        : `Log in with an application of ${new URL(settings.issuer).host}, or paste a token.`,
    ),
    h("div.feedback", { id: "start-feedback" }, feedback),
    ...(world ? people(start, world) : [clientForm(start)]),
    disclosure(
      "paste",
      "Or paste a token",
      field(
        "Token (JWT)",
        h("textarea", { id: "token", rows: 4, "aria-describedby": "token-hint", ...PLAIN_TEXT }),
        h(
          "p.hint",
          { id: "token-hint" },
          "The page checks and explains it. A token of another instance never leaves this page.",
        ),
      ),
      button("button.quiet", "read-token", "Read the token", () => onPaste(typed("token"))),
    ),
  );
}

/** @param {Start} start @param {World} world */
function people({ redirectUri, onLogin }, world) {
  const apps = world.apps.filter((app) => app.kind === "oidc" && app.redirectUris.includes(redirectUri));
  const login = (/** @type {User} */ { id, userName, isMachine }) =>
    onLogin({
      clientId: isMachine ? userName : typed("app"),
      scope: SCOPES,
      redirectUri,
      loginHint: userName,
      machine: isMachine ? id : undefined,
    });
  const options = apps.map(({ name, clientId }) => h("option", { value: clientId }, name));
  return [
    field("Application", h("select", { id: "app" }, ...options)),
    h(
      "ul.people",
      ...[
        ...world.users.filter((it) => !it.isMachine),
        // Others are the sandbox's own.
        ...world.users.filter((it) => it.isMachine && it.grants.length > 0),
      ].map((user) => h("li", personButton(user, () => login(user)))),
    ),
  ];
}

/** @param {User} person @param {() => void} onclick */
function personButton({ userName, displayName, organization, isMachine, grants }, onclick) {
  const active = grants.filter((it) => it.active);
  return h(
    "button.person",
    { type: "button", id: `as-${userName}`, onclick },
    avatar(displayName),
    h("span.who", h("strong", displayName), " ", h("span.muted", organization, isMachine && " · service user")),
    " ",
    h(
      "span.grants",
      ...(active.length === 0
        ? [h("span.muted", "no roles")]
        : active.map(({ project, roles }) => h("span", h("span.muted", `${project}: `), roles.join(", "), " "))),
    ),
  );
}

/** @param {Start} start */
function clientForm({ settings, redirectUri, onLogin }) {
  const address = new URLSearchParams(location.search);
  const readsMapping = /** @type {HTMLInputElement} */ (
    h("input", { id: "reads-mapping", type: "checkbox", "aria-describedby": "reads-hint" })
  );
  /** @param {Event} event */
  const onsubmit = (event) => {
    event.preventDefault();
    const [clientId, id] = [typed("client"), typed("project")];
    history.replaceState(null, "", `/?${new URLSearchParams({ client_id: clientId, ...(id && { project: id }) })}`);
    const readScope = readsMapping.checked ? API_SCOPE : "";
    const scope = joinScopes(typed("scope"), OWNER_SCOPE, id && roleScopes(id), readScope);
    onLogin({ clientId, redirectUri, scope });
  };
  return h(
    "form.card",
    { onsubmit, "aria-label": "Log in" },
    field(
      "Client id",
      h("input", {
        id: "client",
        required: true,
        value: address.get("client_id") ?? settings.clientId,
        "aria-describedby": "client-hint",
        ...PLAIN_TEXT,
      }),
      h(
        "p.hint",
        { id: "client-hint" },
        "A single-page (user agent) application with PKCE and JWT access tokens. ",
        h("code", "deno task dev --create-app PROJECT"),
        " creates one for this page, and removes it at the end. It must allow this redirect address:",
      ),
      h("div.copy", h("code", redirectUri), copyButton("copy-redirect", "Copy", () => redirectUri)),
    ),
    field(
      "Project id (optional)",
      h("input", { id: "project", value: address.get("project") ?? settings.projectId, ...PLAIN_TEXT }),
      h("p.hint", "Requests this project’s roles by scope, for a project that does not assert them."),
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
    disclosure(
      "more",
      "Requested scopes",
      field("Scopes to request", h("textarea", { id: "scope", rows: 3, ...PLAIN_TEXT }, SCOPES)),
    ),
    h("button.primary", { type: "submit", id: "login" }, "Log in"),
  );
}

/** @param {string} label @param {HTMLElement} control @param {...HTMLElement} hints */
function field(label, control, ...hints) {
  return h("div.field", h("label", { for: control.id }, label), control, ...hints);
}
