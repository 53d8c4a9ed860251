import assert from "node:assert/strict";
import { parse } from "yaml";
import { startFunction } from "../../harness/function/function_process.ts";
import { startUpstreamServer } from "../../harness/fixtures/upstream_server.ts";
import { UPSTREAM_TOKEN } from "../../harness/sandbox/upstream.ts";
import { waitUntil } from "../../harness/util/wait_until.ts";
import { REMEDIES } from "../../lib/errors.ts";
import { read } from "../_source_files.ts";
import { serve } from "../harness/_serve.ts";
import { loginOf, signed } from "../main/_loopback.ts";

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly annotations: { readonly runbook: string };
}

const { groups } = parse(await read("examples/monitoring/rules.yaml"));
const rules: readonly Rule[] = groups[0].rules;
const { panels, annotations } = JSON.parse(
  await read("examples/monitoring/dashboard.json"),
);
const page = await read("docs/service-levels.md");
const expressions: readonly string[] = [
  /```promql\n([^`]+)```/.exec(page)![1]!,
  ...rules.map(({ expr }) => expr),
  ...panels.flatMap((panel: { targets: Rule[] }) =>
    panel.targets.map(({ expr }) => expr)
  ),
];

const SIGNING_KEY = "key";
const READABLE = "1";

// deno-lint-ignore no-explicit-any -- OTLP's JSON: sums, gauges and histograms
type Metric = any;

/** Runs the function through an answer and a failure, and returns what it exported. */
async function recordMetrics(): Promise<Metric[]> {
  const metrics: Metric[] = [];
  await using collector = serve(async (request) => {
    const { resourceMetrics = [] } = await request.json();
    for (const { scopeMetrics } of resourceMetrics) {
      for (const scope of scopeMetrics) metrics.push(...scope.metrics);
    }
    return Response.json({});
  });
  const metadata = { viewer: btoa("posts:read") };
  await using upstream = startUpstreamServer({
    organizations: { [READABLE]: { readable: true, metadata } },
  });
  await using running = await startFunction({
    env: {
      ZITADEL_DOMAIN: upstream.origin,
      AUTHORIZATION_SIGNING_KEY: SIGNING_KEY,
      ACCESS_TOKEN: UPSTREAM_TOKEN,
      KV_URL: ":memory:",
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin,
      OTEL_METRIC_EXPORT_INTERVAL: "50",
    },
  });
  for (const organization of [READABLE, "unknown"]) {
    const call = await signed(running.url, SIGNING_KEY, loginOf(organization));
    const response = await fetch(call);
    assert.equal(response.status, organization === READABLE ? 200 : 502);
    await response.body?.cancel();
  }
  const last = ["permissions.problems", "http.server.request.duration"];
  const hasAll = () =>
    last.every((it) => metrics.some(({ name }) => name === it));
  await waitUntil(() => Promise.resolve(hasAll()), {
    what: "Deno exports what the last call counted",
  });
  // Deno 2.9.6 may hang if it has to end during an export.
  await running.stop("SIGKILL");
  return metrics;
}

/** What Prometheus makes of a unit, at the end of a name. */
const UNITS: Readonly<Record<string, string>> = { s: "_seconds", By: "_bytes" };

/** Returns the labels of each series, as OpenTelemetry's translation to Prometheus names them. */
function seriesOf(metrics: readonly Metric[]): Map<string, Set<string>> {
  const series = new Map<string, Set<string>>();
  for (const { name, unit, histogram, sum, gauge } of metrics) {
    const base = name.replaceAll(".", "_") + (UNITS[unit] ?? "");
    const suffixes = histogram
      ? ["_bucket", "_count", "_sum"]
      : [sum?.isMonotonic ? "_total" : ""];
    for (const suffix of suffixes) {
      const labels = series.get(base + suffix) ?? new Set(["instance", "le"]);
      series.set(base + suffix, labels);
      for (const point of (histogram ?? sum ?? gauge).dataPoints) {
        const { attributes, explicitBounds = [] } = point;
        for (const { key } of attributes) labels.add(key.replaceAll(".", "_"));
        for (const bound of explicitBounds) labels.add(`le="${bound}"`);
      }
    }
  }
  return series;
}

const SELECTOR = /\b([a-z]\w+(?::\w+)*)(?:\{([^}]*)\})/g;

Deno.test("examples/monitoring asks for what a running function exports, and for no other metric, label or bound", async () => {
  const series = seriesOf(await recordMetrics());
  const labels = new Set([...series.values()].flatMap((it) => [...it]));
  const recorded = new Set(rules.map(({ record }) => record));
  const unknown: string[] = [];
  for (const expression of expressions) {
    for (const [, name, matchers] of expression.matchAll(SELECTOR)) {
      for (const matcher of matchers!.split(",")) {
        const [label] = matcher.split(/[=!~]/);
        const sought = label === "le" ? matcher : label!;
        if (!series.get(name!)?.has(sought)) unknown.push(`${name} ${matcher}`);
      }
    }
    const names = expression.replaceAll(/"[^"]*"/g, "")
      .matchAll(/\b(?:permissions|http|v8js|error)[_:][\w:]+/g);
    for (const [name] of names) {
      const isKnown = series.has(name) || labels.has(name) ||
        recorded.has(name);
      if (!isKnown) unknown.push(name);
    }
    for (const [, list] of expression.matchAll(/\bby \(([^)]*)\)/g)) {
      unknown.push(...list!.split(/, */).filter((it) => !labels.has(it)));
    }
    for (const [, it] of expression.matchAll(/_reason="(\w+)"/g)) {
      if (!(it! in REMEDIES)) unknown.push(it!);
    }
  }
  assert.deepEqual(unknown, []);
  assert.ok(expressions.length > 20, "the expressions are found");
});

Deno.test("examples/monitoring has alerts that the docs explain, and that rules_test.yaml fires", async () => {
  const tests = await read("examples/monitoring/rules_test.yaml");
  for (const { alert, annotations } of rules) {
    if (!alert) continue;
    const anchor = alert.toLowerCase();
    assert.equal(annotations.runbook, `docs/service-levels.md#${anchor}`);
    assert.ok(page.includes(`\n### ${alert}\n`), alert);
    assert.ok(tests.includes(`'{alertname="${alert}"}'`), alert);
  }
  assert.match(annotations.list[0].expr, /^ALERTS\{/);
});
