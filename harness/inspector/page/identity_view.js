// @ts-check
import { h } from "./element.js";
import { avatar } from "./start_view.js";

/**
 * Says whose tokens these are, and offers new ones.
 *
 * @param {import("./session.js").Session} session
 * @param {{ onRefresh: () => void, onLeave: () => void }} actions
 * @returns {HTMLElement}
 */
export function identityView(session, { onRefresh, onLeave }) {
  const { access, id, background, login, name, tokens } = session;
  const sub = access.jwt?.claims.sub ?? id?.jwt?.claims.sub;
  const user = background?.world.users.find((it) => it.id === sub);
  const app = background?.world.apps.find((it) =>
    it.clientId === login.clientId
  );
  return h(
    "section.identity",
    {},
    avatar(name),
    h(
      "div.who",
      {},
      h("h1", { tabindex: -1, id: "who" }, name),
      h(
        "p.muted",
        {},
        [user?.organization, `by ${app?.name ?? login.clientId}`]
          .filter(Boolean).join(", "),
      ),
    ),
    h(
      "div.actions",
      {},
      h("span.time", { id: "time", role: "timer" }),
      h(
        "button.primary",
        { type: "button", id: "refresh", onclick: onRefresh },
        tokens.refreshToken ? "Refresh" : "Log in again",
      ),
      h(
        "button.quiet",
        { type: "button", id: "leave", onclick: onLeave },
        "Someone else",
      ),
    ),
  );
}
