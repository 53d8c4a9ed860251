import { html } from "hono/html";
import { activeGrants, type User, type World } from "./world.ts";

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 26rem; margin: 8vh auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; }
button { display: block; width: 100%; margin: .5rem 0; padding: .75rem 1rem;
  font: inherit; text-align: start; border: 1px solid GrayText;
  border-radius: .5rem; background: Canvas; color: CanvasText; cursor: pointer; }
button:hover, button:focus-visible { border-color: Highlight;
  outline: 2px solid Highlight; }
small { display: block; opacity: .8; }
`;

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
};

/**
 * Renders the login page: a button for every person, without password or
 * JavaScript.
 */
export function loginPage(world: World, authRequestId: string): Response {
  if (!world.authRequests.has(authRequestId)) {
    const advice =
      "It was finished or is too old. Go back to the application and log in again.";
    return page("This login is over", html`<p>${advice}</p>`, 404);
  }
  const people = [...world.users.values()].filter((user) => !user.isMachine);
  return page(
    "Who are you?",
    html`<p>The sandbox asks for no password.</p>
<form method="post" action="/ui/v2/login/login">
<input type="hidden" name="authRequest" value="${authRequestId}">
${
      people.map((user) =>
        html`
          <button name="user"
            value="${user.id}">${user.name}<small>${describe(
              world,
              user,
            )}</small></button>
        `
      )
    }
</form>`,
  );
}

function describe(world: World, user: User): string {
  const grants = activeGrants(world, user.id).map(({ roles, projectId }) =>
    `${roles.join(", ")} (${world.projects.get(projectId)?.name})`
  );
  const organization = world.organizations.get(user.organizationId)?.name;
  const roles = grants.join("; ") || "no roles";
  return `${user.userName}, ${organization}: ${roles}`;
}

function page(
  title: string,
  body: ReturnType<typeof html>,
  status = 200,
): Response {
  const text = html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>${title} · ZITADEL sandbox</title>
        <style>${STYLE}</style>
      </head>
      <body>
    <h1>${title}</h1>
    ${body}
      </body>
    </html>
  `;
  return new Response(text.toString(), { status, headers: HEADERS });
}
