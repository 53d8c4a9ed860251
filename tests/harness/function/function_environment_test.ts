import assert from "node:assert/strict";
import {
  denoEnvironment,
  functionEnvironment,
} from "../../../harness/function/function_environment.ts";

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
};

Deno.test("functionEnvironment() picks the settings and what Deno reads, and nothing else", () => {
  const picked = functionEnvironment(ENVIRONMENT);
  assert.ok(!JSON.stringify(picked).includes("canary"));
  assert.deepEqual(Object.keys(picked), [
    "ZITADEL_DOMAIN",
    "ACCESS_TOKEN",
    "DENO_CERT",
    "DENO_TLS_CA_STORE",
    "DENO_KV_ACCESS_TOKEN",
    "OTEL_DENO",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "HTTP_PROXY",
    "https_proxy",
    "NO_PROXY",
    "DENO_DIR",
    "HOME",
    "XDG_CACHE_HOME",
  ]);
});

Deno.test("denoEnvironment() picks no setting of the function", () => {
  const picked = Object.keys(denoEnvironment(ENVIRONMENT));
  assert.equal(picked[0], "DENO_CERT");
  assert.equal(picked.length, 11);
});
