// @ts-check
import { button, h, PLAIN_TEXT, typed } from "./element.js";
/** @import { Session } from "./session.js" */
/** @import { Child } from "../types.ts" */

/**
 * Shows whose tokens these are, and offers new ones.
 *
 * @param {Session} session
 * @param {Child} feedback
 * @param {{ onRenew: () => void, onLogin: (scope: string) => void, onLeave: () => void }} actions
 */
export function identityView({ login, name, tokens, user, apps }, feedback, { onRenew, onLogin, onLeave }) {
  const app = apps.find((it) => it.clientId === login?.clientId);
  const where = !login ? "pasted here" : login.machine ? "service user" : `logged in to ${app?.name ?? login.clientId}`;
  const canRenew = tokens.refresh_token || login?.machine;
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
      login && button("button.quiet", "renew", canRenew ? "Get a new token" : "Log in again", onRenew),
      button("button.quiet", "leave", "Switch user", onLeave),
    ),
    h("div.feedback.wide", { id: "renew-feedback" }, feedback),
    login && h(
      "details.scopes.wide",
      { id: "scopes" },
      h(
        "summary",
        { id: "scopes-summary" },
        "Requested scopes: ",
        h("code", login.scope),
        " ",
        h("span.link", "change"),
      ),
      h("label", { for: "scope" }, "Scopes to request"),
      h("textarea", { id: "scope", rows: 3, ...PLAIN_TEXT }, login.scope),
      button("button.quiet", "login-again", "Log in again with these scopes", () => onLogin(typed("scope"))),
    ),
  );
}

/** Initials in a circle. @param {string} name */
export function avatar(name) {
  const letters = new Intl.Segmenter();
  const initials = name.trim().split(/\s+/).slice(0, 2).map((word) => [...letters.segment(word)][0]?.segment ?? "");
  return h("span.avatar", { "aria-hidden": "true" }, initials.join(""));
}
