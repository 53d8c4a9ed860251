// @ts-check
import { disclosure, h } from "./element.js";

const SCOPES = "openid profile email offline_access";

/**
 * @typedef {object} Choice Whom to log in, and with what.
 * @property {string} clientId
 * @property {string} scope
 * @property {string} [loginHint]
 */

/**
 * Makes the first view: with the sandbox its people, else a form for a client.
 *
 * @param {object} parts
 * @param {import("./session.js").Settings} parts.settings
 * @param {import("./sandbox.js").World | undefined} parts.world
 * @param {string} parts.redirectUri
 * @param {(choice: Choice) => void} parts.onLogin
 * @returns {HTMLElement}
 */
export function startView({ settings, world, redirectUri, onLogin }) {
  const { host } = new URL(settings.issuer);
  return h(
    "div.entrance",
    {},
    world ? sandboxStart(world, redirectUri, onLogin) : h(
      "section.start",
      {},
      h("h1", { tabindex: -1 }, "What do your tokens say?"),
      h("p.lead", {}, `Log in with an application of ${host}.`),
      clientForm({ settings, redirectUri, onLogin }),
    ),
    outline(),
  );
}

function outline() {
  return h(
    "aside",
    { "aria-labelledby": "outline-title" },
    h("h2", { id: "outline-title" }, "What happens"),
    h(
      "ol.outline",
      {},
      h("li", {}, "You log in, by authorization code and PKCE."),
      h(
        "li",
        {},
        "Before ZITADEL issues the token, it sends your roles to the function.",
      ),
      h(
        "li",
        {},
        "The function looks the roles up in the organization's metadata and answers with permissions.",
      ),
      h("li", {}, "You see them here, as claims of a signed token."),
    ),
  );
}

/**
 * @param {import("./sandbox.js").World} world
 * @param {string} redirectUri
 * @param {(choice: Choice) => void} onLogin
 */
function sandboxStart(world, redirectUri, onLogin) {
  const apps = world.apps.filter((app) =>
    app.kind === "oidc" && app.redirectUris.includes(redirectUri)
  );
  const app = h(
    "select",
    { id: "app", name: "app" },
    ...apps.map(({ name, clientId }) => h("option", { value: clientId }, name)),
  );
  const scope = h("textarea", {
    id: "scope",
    rows: 3,
    spellcheck: "false",
    autocapitalize: "off",
  }, SCOPES);
  const people = world.users.filter(({ isMachine }) => !isMachine);
  return h(
    "section.start",
    {},
    h("h1", { tabindex: -1 }, "Who logs in?"),
    h(
      "p.lead",
      {},
      "Pick a person of the sandbox. What comes back is a token as ZITADEL issues it, with the permissions that the function adds.",
    ),
    h(
      "div.field",
      {},
      h("label", { for: "app" }, "Application"),
      app,
    ),
    h(
      "ul.people",
      {},
      ...people.map((person) =>
        h(
          "li",
          {},
          personButton(person, () =>
            onLogin({
              clientId: valueOf(app),
              scope: valueOf(scope).trim(),
              loginHint: person.userName,
            })),
        )
      ),
    ),
    disclosure(
      "more",
      "Scopes",
      h(
        "div.field",
        {},
        h("label", { for: "scope" }, "What the login asks for"),
        scope,
      ),
      roleScopesHint(),
    ),
  );
}

/** @param {import("./sandbox.js").User} person @param {() => void} onclick */
function personButton(person, onclick) {
  const grants = person.grants.filter(({ active }) => active);
  return h(
    "button.person",
    { type: "button", onclick },
    avatar(person.displayName),
    h(
      "span.who",
      {},
      h("strong", {}, person.displayName),
      h("span.muted", {}, person.organization),
    ),
    h(
      "span.grants",
      {},
      ...(grants.length === 0
        ? [h("span.muted", {}, "no roles")]
        : grants.map(({ project, roles }) =>
          h("span", {}, h("span.muted", {}, `${project} `), roles.join(", "))
        )),
    ),
  );
}

/**
 * A picture of somebody, of initials.
 *
 * @param {string} name
 */
export function avatar(name) {
  const initials = name.split(/\s+/).map((word) => word[0] ?? "").slice(0, 2);
  return h("span.avatar", { "aria-hidden": "true" }, initials.join(""));
}

/**
 * @param {object} parts
 * @param {import("./session.js").Settings} parts.settings
 * @param {string} parts.redirectUri
 * @param {(choice: Choice) => void} parts.onLogin
 */
function clientForm({ settings, redirectUri, onLogin }) {
  const clientId = h("input", {
    id: "client",
    required: true,
    value: settings.clientId,
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": "client-hint",
  });
  const project = h("input", {
    id: "project",
    inputmode: "numeric",
    pattern: "[0-9]*",
    autocomplete: "off",
    "aria-describedby": "project-hint",
  });
  const scope = h("textarea", { id: "scope", rows: 3, spellcheck: "false" });
  scope.textContent = SCOPES;
  /** @param {Event} event */
  const onsubmit = (event) => {
    event.preventDefault();
    const id = valueOf(project).trim();
    const asked = [
      valueOf(scope).trim(),
      id && `urn:zitadel:iam:org:project:id:${id}:aud`,
      id && "urn:zitadel:iam:org:projects:roles",
    ];
    onLogin({
      clientId: valueOf(clientId).trim(),
      scope: asked.filter(Boolean).join(" "),
    });
  };
  return h(
    "form.card",
    { onsubmit },
    h(
      "div.field",
      {},
      h("label", { for: "client" }, "Client id"),
      clientId,
      h(
        "p.hint",
        { id: "client-hint" },
        "Of a single-page (user agent) application with PKCE and JWT access tokens. It must allow this redirect address: ",
        h("code", {}, redirectUri),
      ),
    ),
    h(
      "div.field",
      {},
      h(
        "label",
        { for: "project" },
        "Project id ",
        h("span.muted", {}, "(optional)"),
      ),
      project,
      h(
        "p.hint",
        { id: "project-hint" },
        "Asks for this project's roles by scope, for projects that do not assert them by themselves.",
      ),
    ),
    disclosure(
      "more",
      "Scopes",
      h(
        "div.field",
        {},
        h("label", { for: "scope" }, "What the login asks for"),
        scope,
      ),
    ),
    h("button.primary", { type: "submit", id: "login" }, "Log in"),
  );
}

function roleScopesHint() {
  return h(
    "p.hint",
    {},
    "A project that does not assert its roles gives them only where they are asked for: add ",
    h("code", {}, "urn:zitadel:iam:org:project:id:<project id>:aud"),
    " and ",
    h("code", {}, "urn:zitadel:iam:org:projects:roles"),
    ".",
  );
}

/** @param {HTMLElement} element @returns {string} */
function valueOf(element) {
  return /** @type {HTMLInputElement} */ (element).value;
}
