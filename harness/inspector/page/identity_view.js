// @ts-check
import { button, h } from "./element.js";
/** @import { Child, Login, Session } from "../types.ts" */

/**
 * @typedef {object} IdentityActions
 * @property {() => void} onRenew
 * @property {() => void} onLogin Log in again, with the scopes of the field.
 * @property {() => void} onLeave
 * @property {() => void} onStay
 */

/**
 * Shows whose tokens these are, and offers new ones.
 *
 * @param {Session} session
 * @param {{ feedback: Child, isLeaving: number }} state `isLeaving` counts the changes that leaving would lose.
 * @param {IdentityActions} actions
 * @returns {HTMLElement}
 */
export function identityView(session, { feedback, isLeaving }, actions) {
  const { login, name, tokens, user, world } = session;
  const app = world?.apps.find((it) => it.clientId === login?.clientId);
  const where = login ? `logged in to ${app?.name ?? login.clientId}` : "pasted here";
  return h(
    "section.identity",
    { "aria-label": "User" },
    avatar(name),
    h(
      "div.who",
      h("h1", { tabindex: -1, id: "who" }, name),
      h("p.muted", [user?.organization, where].filter(Boolean).join(" · ")),
    ),
    h(
      "div.actions",
      h("span.time", { id: "time", role: "timer" }),
      login &&
        button("button.quiet", "renew", tokens.refreshToken ? "Get a new token" : "Log in again", actions.onRenew),
      button("button.quiet", "leave", "Switch user", actions.onLeave),
    ),
    isLeaving > 0 &&
      h(
        "div.feedback.wide",
        { role: "group", "aria-label": "Unsaved changes" },
        h("span.bad", `Switching discards ${isLeaving} unsaved change${isLeaving === 1 ? "" : "s"} of the mapping.`),
        button("button.quiet.small", "leave-anyway", "Discard and switch", actions.onLeave),
        button("button.quiet.small", "stay", "Stay", actions.onStay),
      ),
    h("div.feedback.wide", { id: "renew-feedback" }, feedback),
    login && scopesView(login, actions.onLogin),
  );
}

/** @param {Login} login @param {() => void} onLogin */
function scopesView({ scope }, onLogin) {
  const field = h("textarea", { id: "scope", rows: 3, spellcheck: "false" }, scope);
  const names = scope.split(" ").map((name) => h("code", name));
  return h(
    "details.scopes.wide",
    { id: "scopes" },
    h(
      "summary",
      { id: "scopes-summary" },
      "Requested scopes: ",
      ...names.flatMap((name) => [name, " "]),
      h("span.link", "change"),
    ),
    h("label", { for: "scope" }, "Scopes to request"),
    field,
    button("button.quiet", "login-again", "Log in again with these scopes", onLogin),
  );
}

/** Initials in a circle. @param {string} name */
export function avatar(name) {
  const initials = name
    .split(/\s+/)
    .map((word) => word[0] ?? "")
    .slice(0, 2);
  return h("span.avatar", { "aria-hidden": "true" }, initials.join(""));
}
