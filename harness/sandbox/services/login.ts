import { Code } from "@connectrpc/connect";
import { OIDCService } from "@zitadel/proto/zitadel/oidc/v2/oidc_service_pb.js";
import { SessionService } from "@zitadel/proto/zitadel/session/v2/session_service_pb.js";
import { apiError, noPermission, notFound } from "../api_error.ts";
import { type ApiMethod, apiMethod, type Call } from "../api_method.ts";
import { newIdentifier, newSecret } from "../identifier.ts";
import { hasPermission } from "../permissions.ts";
import { userNamed } from "../world.ts";

const SESSION_TOKEN_LENGTH = 78;

/** Finishes a login and returns where the browser goes with the code. */
export type FinishLogin = (
  authRequestId: string,
  login: { userId: string; sessionId?: string },
) => Promise<string>;

/**
 * The methods of a custom login page: a session, and finishing an authorization
 * request with it. Logins without a browser use them too.
 */
export function loginMethods(finishLogin: FinishLogin): ApiMethod[] {
  return [
    apiMethod(SessionService.method.createSession, ({ checks }, call) => {
      const { world } = call.instance;
      checkLoginClient(call);
      const user = userNamed(world, checks?.user?.search.value ?? "");
      if (!user) throw notFound("User could not be found", "QUERY-Dfbg2");
      const password = user.human?.password;
      if (
        checks?.password && password !== undefined &&
        checks.password.password !== password
      ) {
        throw apiError(
          Code.InvalidArgument,
          "Password is invalid",
          "COMMAND-3M0fs",
        );
      }
      const id = newIdentifier();
      const token = newSecret(SESSION_TOKEN_LENGTH);
      world.sessions.set(id, { id, token, userId: user.id });
      return { sessionId: id, sessionToken: token };
    }),
    apiMethod(OIDCService.method.createCallback, async (request, call) => {
      const { world } = call.instance;
      const { authRequestId, callbackKind: { case: kind, value } } = request;
      checkLoginClient(call);
      if (!world.authRequests.has(authRequestId)) {
        throw notFound("Errors.AuthRequest.NotExisting", "COMMAND-SzS4a");
      }
      const session = kind === "session"
        ? world.sessions.get(value.sessionId)
        : undefined;
      if (
        !session || kind !== "session" || session.token !== value.sessionToken
      ) {
        throw apiError(
          Code.PermissionDenied,
          "Errors.Session.Token.Invalid",
          "COMMAND-sGr42",
        );
      }
      const login = { userId: session.userId, sessionId: session.id };
      return { callbackUrl: await finishLogin(authRequestId, login) };
    }),
  ];
}

function checkLoginClient({ instance, caller }: Call): void {
  const { organizationId } = caller;
  if (!hasPermission(instance.world, caller, "session.link", organizationId)) {
    throw noPermission("AUTH-AWfge");
  }
}
