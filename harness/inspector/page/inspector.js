// @ts-check
/**
 * The token inspector: who logs in, what came back, and where it comes from.
 *
 * @module
 */
import { callsView } from "./calls_view.js";
import { formatTimeLeft } from "./describe_claim.js";
import { h, redraw } from "./element.js";
import { identityView } from "./identity_view.js";
import * as login from "./login.js";
import { mappingView } from "./mapping_view.js";
import { permissionsView } from "./permissions_view.js";
import { eventArrives, readWorld, saveMapping } from "./sandbox.js";
import { openSession } from "./session.js";
import { startView } from "./start_view.js";
import { tokenView } from "./token_view.js";

const CALLBACK_PATH = "/callback";
const REDIRECT_URI = location.origin + CALLBACK_PATH;
const TICK_MS = 1000;

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const status = /** @type {HTMLElement} */ (document.getElementById("status"));

/** @type {{ settings: import("./session.js").Settings, issuer: import("./login.js").Issuer }} */
let context;
/** @type {import("./session.js").Session | undefined} */
let session;
/** @type {HTMLElement | undefined} Kept while the mapping is being edited. */
let editor;

setInterval(tick, TICK_MS);
await attempt("The inspector cannot start.", start);

async function start() {
  const url = new URL(location.href);
  const isCallback = url.pathname === CALLBACK_PATH;
  // The code must not stay in the address bar or the history.
  if (isCallback) history.replaceState(null, "", "/");
  const pending = isCallback ? login.takePendingLogin() : undefined;

  /** @type {import("./session.js").Settings} */
  const settings = await (await fetch("/settings.json")).json();
  document.getElementById("where")?.replaceChildren(
    h("span.pill", {}, settings.sandbox ? "Sandbox" : "ZITADEL"),
    new URL(settings.issuer).host,
  );
  context = { settings, issuer: await login.discover(settings.issuer) };

  if (!isCallback) return await showStart();
  if (!pending) {
    await showStart();
    return say("This login was not begun in this tab. Begin it here.", "bad");
  }
  const { server } = context.issuer;
  const isOpen = await attempt("The login failed.", async () => {
    const since = Date.now();
    const tokens = await login.finishLogin(server, pending, url);
    show(await openSession(context, { login: pending, tokens, since }));
  });
  if (!isOpen) return await showStart();
  document.getElementById("who")?.focus();
  say(summary("Logged in."));
}

async function showStart() {
  session = editor = undefined;
  const { settings, issuer } = context;
  const world = settings.sandbox ? await readWorld(settings.issuer) : undefined;
  redraw(
    main,
    startView({
      settings,
      world,
      redirectUri: REDIRECT_URI,
      onLogin: (choice) =>
        attempt(
          "The login cannot begin.",
          () =>
            login.startLogin(issuer.server, {
              ...choice,
              redirectUri: REDIRECT_URI,
              // A browser that knows one user should not choose for the person.
              prompt: settings.sandbox ? undefined : "select_account",
            }),
        ),
    }),
  );
}

/** @param {import("./session.js").Session} opened */
function show(opened) {
  session = opened;
  const { settings } = context;
  const { background, access, id } = opened;
  const organization = organizationOf(opened);
  editor ??= organization && mappingView({
    organization,
    projects: background?.world.projects ?? [],
    onSave: save,
  });
  const token = { settings, onCopy: copy };
  redraw(
    main,
    identityView(opened, { onRefresh: refresh, onLeave: leave }),
    h("div.columns", {}, permissionsView(opened, settings), editor),
    background && callsView(background),
    h(
      "div.columns",
      {},
      tokenView({
        id: "access",
        title: "Access token",
        token: access,
        ...token,
      }),
      id && tokenView({ id: "id", title: "ID token", token: id, ...token }),
    ),
  );
  tick();
}

/**
 * The organization whose metadata counts for the user.
 *
 * @param {import("./session.js").Session} opened
 */
function organizationOf({ background, access, id }) {
  if (!background) return undefined;
  const { world, roles } = background;
  const sub = access.jwt?.claims.sub ?? id?.jwt?.claims.sub;
  const wanted = roles[0]?.organization ??
    world.users.find((user) => user.id === sub)?.organizationId;
  return world.organizations.find((it) => it.id === wanted);
}

async function refresh() {
  await attempt("The tokens were not refreshed.", async () => {
    await renew();
    say(summary("New tokens."));
  });
}

async function renew() {
  const before = session;
  if (!before) return;
  const { server } = context.issuer;
  const { login: begun, tokens: { refreshToken } } = before;
  if (!refreshToken) {
    const { clientId, scope, redirectUri } = begun;
    return await login.startLogin(server, { clientId, scope, redirectUri });
  }
  const since = Date.now();
  const tokens = await login.refreshTokens(
    server,
    begun.clientId,
    refreshToken,
  );
  show(
    await openSession(context, { login: begun, tokens, since }, before),
  );
}

/** @param {import("./sandbox.js").Mapping} mapping */
async function save(mapping) {
  const organization = session && organizationOf(session);
  if (!organization) return;
  const { issuer } = context.settings;
  await attempt("The mapping was not saved.", async () => {
    const since = Date.now();
    await saveMapping(issuer, organization.id, mapping);
    const changed =
      JSON.stringify(mapping) !== JSON.stringify(organization.metadata);
    const isKnown = !changed || await eventArrives(issuer, since);
    editor = undefined;
    await renew();
    say(
      summary("Mapping saved.") +
        (isKnown
          ? ""
          : " The function was not told of the change, and may use the mapping it has for a minute."),
    );
  });
}

async function leave() {
  await attempt("The inspector cannot start anew.", async () => {
    await showStart();
    main.querySelector("h1")?.focus();
    say("The tokens are forgotten.");
  });
}

/** @param {string} text */
async function copy(text) {
  await attempt("The token was not copied.", async () => {
    await navigator.clipboard.writeText(text);
    say("Copied.");
  });
}

/** What came of it, for those who do not see the page. @param {string} what */
function summary(what) {
  const { permissions = [], added = [], gone = [], diagnosis } = session ?? {};
  if (diagnosis) return `${what} ${diagnosis.title}.`;
  const count = permissions.length;
  const changes = [
    added.length > 0 && `${added.join(", ")} came`,
    gone.length > 0 && `${gone.join(", ")} went`,
  ].filter(Boolean).join(", ");
  return `${what} ${count} permission${count === 1 ? "" : "s"}${
    changes && `: ${changes}`
  }.`;
}

function tick() {
  const time = document.getElementById("time");
  const expiresAt = session?.tokens.expiresAt;
  if (!time || expiresAt === undefined) return;
  const left = expiresAt - Date.now();
  time.textContent = formatTimeLeft(left);
  time.classList.toggle("over", left <= 0);
}

/**
 * Does something that can fail, and says so where it does.
 *
 * @param {string} failure What has failed then.
 * @param {() => Promise<void>} work
 * @returns {Promise<boolean>} Whether it was done.
 */
async function attempt(failure, work) {
  main.setAttribute("aria-busy", "true");
  try {
    await work();
    return true;
  } catch (error) {
    say(`${failure} ${login.describeError(error)}`, "bad");
    return false;
  } finally {
    main.removeAttribute("aria-busy");
  }
}

/** @param {string} text @param {"bad"} [tone] */
function say(text, tone) {
  status.textContent = text;
  status.classList.toggle("bad", tone === "bad");
}
