import type { World } from "./world.ts";

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
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
};

/**
 * Renders the login page: a button for every person, without password or
 * JavaScript.
 */
export function loginPage(world: World, authRequestId: string): Response {
  const authRequest = world.authRequests.get(authRequestId);
  if (!authRequest) {
    return page(
      "This login is over",
      "<p>It was finished or is too old. Go back to the application and log in again.</p>",
      404,
    );
  }
  const people = [...world.users.values()].filter((user) => user.human);
  const buttons = people.map((user) => {
    const { firstName, lastName } = user.human!;
    const organization = world.organizations.get(user.organizationId)?.name;
    return `<button name="user" value="${escape(user.id)}">` +
      `${escape(`${firstName} ${lastName}`)}` +
      `<small>${
        escape(`${user.userName}, ${organization}: ${rolesOf(world, user.id)}`)
      }</small></button>`;
  });
  return page(
    "Who are you?",
    `<p>The sandbox asks for no password.</p>
<form method="post" action="/ui/v2/login/login">
<input type="hidden" name="authRequest" value="${escape(authRequestId)}">
${buttons.join("\n")}
</form>`,
  );
}

function rolesOf(world: World, userId: string): string {
  const grants = [...world.userGrants.values()].filter((grant) =>
    grant.userId === userId && grant.active
  );
  const texts = grants.map((grant) =>
    `${grant.roles.join(", ")} (${world.projects.get(grant.projectId)?.name})`
  );
  return texts.join("; ") || "no roles";
}

function page(title: string, body: string, status = 200): Response {
  return new Response(
    `<!doctype html>
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
`,
    { status, headers: HEADERS },
  );
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(
    '"',
    "&quot;",
  );
}
