import { timestampFromDate, timestampNow } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { OIDCService } from "@zitadel/proto/zitadel/oidc/v2/oidc_service_pb.js";
import { SessionService } from "@zitadel/proto/zitadel/session/v2/session_service_pb.js";
import { apiError, noPermission, notFound } from "../api_error.ts";
import { type ApiMethod, apiMethod, type Call } from "../api_method.ts";
import { newIdentifier } from "../identifier.ts";
import { hasPermission } from "../permissions.ts";
import { newSecret } from "../secret.ts";
import { userNamed } from "../find.ts";
import { userOf } from "./management_user.ts";

const SESSION_TOKEN_LENGTH = 78;

/** Finishes a login and returns where the browser goes with the code. */
export type FinishLogin = (
  authRequestId: string,
  login: { userId: string; sessionId?: string },
) => Promise<string>;

/**
 * The methods of a custom login page: sessions, and finishing an authorization
 * request with one. Logins without a browser use them too.
 */
export function loginMethods(finishLogin: FinishLogin): ApiMethod[] {
  return [
    apiMethod(SessionService.method.createSession, ({ checks }, call) => {
      const { world } = call.instance;
      checkLoginClient(call);
      const search = checks?.user?.search;
      const user = search?.case === "userId"
        ? userOf(world, search.value)
        : userNamed(world, search?.value ?? "");
      if (!user) throw notFound("User could not be found", "QUERY-Dfbg2");
      const password = user.human?.password;
      if (
        checks?.password && password !== undefined &&
        checks.password.password !== password
      ) {
        throw apiError(Code.InvalidArgument, "Password is invalid", {
          id: "COMMAND-3M0fs",
        });
      }
      const session = {
        id: newIdentifier(),
        token: newSecret(SESSION_TOKEN_LENGTH),
        userId: user.id,
        created: new Date(),
      };
      world.sessions.set(session.id, session);
      return {
        details: loginDetails(call, 4n),
        sessionId: session.id,
        sessionToken: session.token,
      };
    }),
    apiMethod(SessionService.method.deleteSession, ({ sessionId }, call) => {
      call.instance.world.sessions.delete(sessionId);
      return { details: loginDetails(call, 5n) };
    }),
    apiMethod(OIDCService.method.getAuthRequest, ({ authRequestId }, call) => {
      checkLoginClient(call);
      const authRequest = authRequestOf(call, authRequestId);
      return {
        authRequest: {
          id: authRequest.id,
          creationDate: timestampFromDate(authRequest.created),
          clientId: authRequest.clientId,
          scope: authRequest.scopes,
          redirectUri: authRequest.redirectUri,
        },
      };
    }),
    apiMethod(OIDCService.method.createCallback, async (request, call) => {
      checkLoginClient(call);
      authRequestOf(call, request.authRequestId);
      const { case: kind, value } = request.callbackKind;
      const session = kind === "session"
        ? call.instance.world.sessions.get(value.sessionId)
        : undefined;
      if (
        !session || kind !== "session" || session.token !== value.sessionToken
      ) {
        throw apiError(
          Code.PermissionDenied,
          "Errors.Session.Token.Invalid",
          { id: "COMMAND-sGr42" },
        );
      }
      return {
        details: loginDetails(call, 2n),
        callbackUrl: await finishLogin(request.authRequestId, {
          userId: session.userId,
          sessionId: session.id,
        }),
      };
    }),
  ];
}

function checkLoginClient({ instance, caller }: Call): void {
  const allowed = hasPermission(instance.world, caller, {
    permission: "session.link",
    organizationId: caller.organizationId,
  });
  if (!allowed) throw noPermission("AUTH-AWfge");
}

function authRequestOf({ instance }: Call, id: string) {
  const authRequest = instance.world.authRequests.get(id);
  if (!authRequest) {
    throw notFound("Errors.AuthRequest.NotExisting", "COMMAND-SzS4a");
  }
  return authRequest;
}

function loginDetails({ instance }: Call, sequence: bigint) {
  return {
    sequence,
    changeDate: timestampNow(),
    resourceOwner: instance.world.instanceId,
  };
}
