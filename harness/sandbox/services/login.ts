import { OIDCService } from "@zitadel/proto/zitadel/oidc/v2/oidc_service_pb.js";
import { SessionService } from "@zitadel/proto/zitadel/session/v2/session_service_pb.js";
import { invalidArgument, notFound, permissionDenied } from "../api_error.ts";
import { type ApiMethod, type Call, methodsOf } from "../api_method.ts";
import { requirePermission } from "../authorize.ts";
import { newIdentifier, newSecret } from "../identifier.ts";
import { userNamed } from "../world.ts";

const SESSION_TOKEN_LENGTH = 78;

/** Finishes a login and returns where the browser goes with the code. */
export type FinishLogin = (
  authRequestId: string,
  login: { readonly userId: string; readonly sessionId?: string },
) => Promise<string>;

/**
 * The methods of a custom login page: a session, and finishing an authorization
 * request with it. Logins without a browser use them too.
 */
export function loginMethods(finishLogin: FinishLogin): ApiMethod[] {
  return [
    ...methodsOf(SessionService, {
      createSession: ({ checks }, call) => {
        checkLoginClient(call);
        const user = userNamed(call.world, checks?.user?.search.value ?? "");
        if (!user) throw notFound("User could not be found", "QUERY-Dfbg2");
        const given = checks?.password?.password;
        const { id: userId, password = given } = user;
        if (given !== undefined && given !== password) {
          throw invalidArgument("Password is invalid", "COMMAND-3M0fs");
        }
        const sessionId = newIdentifier();
        const sessionToken = newSecret(SESSION_TOKEN_LENGTH);
        call.world.sessions.set(sessionToken, { sessionId, userId });
        return { sessionId, sessionToken };
      },
    }),
    ...methodsOf(OIDCService, {
      createCallback: async ({ authRequestId, callbackKind }, call) => {
        const { sessions, authRequests } = call.world;
        checkLoginClient(call);
        if (!authRequests.has(authRequestId)) {
          throw notFound("Errors.AuthRequest.NotExisting", "COMMAND-SzS4a");
        }
        const { case: kind, value } = callbackKind;
        const login = kind === "session" && sessions.get(value.sessionToken);
        if (!login) {
          throw permissionDenied(
            "Errors.Session.Token.Invalid",
            "COMMAND-sGr42",
          );
        }
        return { callbackUrl: await finishLogin(authRequestId, login) };
      },
    }),
  ];
}

function checkLoginClient(call: Call): void {
  const { organizationId } = call.caller;
  requirePermission(call, "session.link", organizationId, "AUTH-AWfge");
}
