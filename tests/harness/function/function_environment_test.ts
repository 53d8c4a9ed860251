import assert from "node:assert/strict";
import { functionEnvironment } from "../../../harness/function/function_environment.ts";
import { denoEnvironment } from "../../../harness/util/deno_environment.ts";

const ENVIRONMENT = {
  ZITADEL_DOMAIN: "example.zitadel.cloud",
  ACCESS_TOKEN: "token",
  LOG_LEVEL: undefined,
  ZITADEL_ADMIN_TOKEN: "canary",
  ZITADEL_LOGIN_CLIENT_TOKEN: "canary",
  DENO_DEPLOY_TOKEN: "canary",
  AWS_SECRET_ACCESS_KEY: "canary",
  LD_PRELOAD: "canary",
  DENO_CERT: "ca.pem",
  DENO_TLS_CA_STORE: "system",
  DENO_KV_ACCESS_TOKEN: "kv",
  OTEL_DENO: "true",
  OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318",
  HTTP_PROXY: "http://proxy",
  https_proxy: "http://proxy",
  NO_PROXY: "localhost",
  DENO_DIR: "cache",
  HOME: "home",
  XDG_CACHE_HOME: "cache",
  SSL_CERT_FILE: "ca.pem",
  SSL_CERT_DIR: "certificates",
  NODE_EXTRA_CA_CERTS: "ca.pem",
  SystemRoot: "C:\\Windows",
  LOCALAPPDATA: "C:\\Users\\me\\AppData\\Local",
  JSR_URL: "canary",
};

Deno.test("functionEnvironment() picks the settings and what Deno reads, and nothing else", () => {
  const picked = functionEnvironment(ENVIRONMENT);
  const named = Object.entries(ENVIRONMENT)
    .filter(([, value]) => value !== undefined && value !== "canary");
  assert.deepEqual(
    Object.keys(picked).sort(),
    [...named.map(([name]) => name), "DENO_NO_UPDATE_CHECK"].sort(),
  );
  assert.equal(picked.DENO_NO_UPDATE_CHECK, "1");
  assert.equal(picked.NO_PROXY, "localhost,localhost,127.0.0.0/8,::1");
});

Deno.test("denoEnvironment() picks nothing of the function's, and others only by name", () => {
  const picked = denoEnvironment(ENVIRONMENT, ["DENO_DEPLOY_TOKEN"]);
  assert.equal(picked.DENO_DEPLOY_TOKEN, "canary");
  assert.equal(picked.HOME, "home");
  for (const name of ["DENO_KV_ACCESS_TOKEN", "OTEL_DENO", "ACCESS_TOKEN"]) {
    assert.equal(picked[name], undefined, name);
  }
});
