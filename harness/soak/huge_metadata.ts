/**
 * Four organizations with far more metadata than a mapping may have log in
 * again and again, while users of others log in for the first time.
 *
 * @module
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  ListOrganizationMetadataRequestSchema,
  ListOrganizationMetadataResponseSchema,
} from "@zitadel/proto/zitadel/org/v2beta/org_service_pb";
import { createUpstream, UPSTREAM_TOKEN } from "../sandbox/upstream.ts";
import { startFunction } from "../function/function_process.ts";
import { measureProcess } from "../fuzz/process_figures.ts";
import { load, loginCall } from "./load.ts";
import { samplePeak } from "./sample_peak.ts";

/** Something that must hold, and whether it does. */
export interface HugeMetadataCheck {
  readonly text: string;
  readonly holds: boolean;
}

/** The metadata of each huge organization: 310 MB in ten pages, 500 MB in one. */
const SHAPES = [
  { entries: 10_000, valueBytes: 31_000 },
  { entries: 1_000, valueBytes: 500_000 },
];

const KEY = "key-of-the-target-beside-huge-metadata";
const HUGE = Array.from({ length: 4 }, (_, i) => `huge-${i}`);
const LISTING = "/ListOrganizationMetadata";
const FRAME_HEADER_BYTES = 5;

/** By how much the function's memory may grow, in megabytes; it was 1,350 before readings had a budget. */
const MAX_GROWTH_MB = 200;

/**
 * How slow the slowest hundredth of the other organizations' first logins may
 * be, in milliseconds: half of what they are given. Most of it goes to the
 * stand-in, which answers the huge organizations in the same process.
 */
const MAX_OTHERS_MS = 1_000;

/**
 * Runs the function in a process of its own beside organizations with huge metadata.
 */
export async function soakHugeMetadata(
  seconds: number,
): Promise<HugeMetadataCheck[]> {
  const checks: HugeMetadataCheck[] = [];
  for (const shape of SHAPES) checks.push(...await soakShape(shape, seconds));
  return checks;
}

async function soakShape(
  shape: typeof SHAPES[number],
  seconds: number,
): Promise<HugeMetadataCheck[]> {
  const server = serve(shape);
  const { hostname, port } = server.addr;
  await using target = await startFunction({
    env: {
      ZITADEL_DOMAIN: `http://${hostname}:${port}`,
      AUTHORIZATION_SIGNING_KEY: KEY,
      ACCESS_TOKEN: UPSTREAM_TOKEN,
      KV_URL: ":memory:",
    },
  });
  let count = 0;
  const logins = (concurrency: number, next: () => string) =>
    load({
      url: target.url,
      seconds,
      concurrency,
      next: () => loginCall(next(), KEY),
    });
  const otherLogins = () => logins(4, () => `other-${count++}`);
  const alone = await otherLogins();
  const { memoryMb: before } = await measureProcess(target.pid);

  const peak = samplePeak(target.pid);
  const [huge, others] = await Promise.all([
    logins(HUGE.length, () => HUGE[count++ % HUGE.length]!),
    otherLogins(),
  ]);
  const growth = await peak.stop() - before;
  await server.shutdown();

  const megabytes = shape.entries * shape.valueBytes / 1e6;
  const name = `beside ${HUGE.length} organizations with ${megabytes} MB`;
  const statuses = Object.keys(others.statuses).join();
  return [
    {
      text: `${name}, memory grows by ${growth.toFixed(0)} MB`,
      holds: growth < MAX_GROWTH_MB,
    },
    {
      text: `${name}, others log in: status ${statuses}, p99 ${
        others.p99.toFixed(0)
      } ms (alone ${alone.p99.toFixed(0)} ms)`,
      holds: statuses === "200" && others.p99 < MAX_OTHERS_MS,
    },
    {
      text: `organizations with ${megabytes} MB are refused: ${
        JSON.stringify(huge.statuses)
      }`,
      holds: !huge.statuses["200"] && !huge.statuses["500"],
    },
  ];
}

/** Starts a ZITADEL with the huge organizations, and any other with a small mapping. */
function serve(
  shape: typeof SHAPES[number],
): Deno.HttpServer<Deno.NetAddr> {
  const metadata = { viewer: btoa('["read"]'), editor: btoa('["write"]') };
  const { fetch } = createUpstream({
    organizations: new Proxy({}, { get: () => ({ readable: true, metadata }) }),
  });
  const value = new Uint8Array(shape.valueBytes).fill(0x61);
  const schema = ListOrganizationMetadataResponseSchema;
  const entry = (index: number) =>
    toBinary(
      schema,
      create(schema, {
        metadata: [{ key: `role-${String(index).padStart(8, "0")}`, value }],
      }),
    );
  const total = toBinary(
    schema,
    create(schema, { pagination: { totalResult: BigInt(shape.entries) } }),
  );

  return Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen() {},
    onError: () => new Response(null, { status: 500 }),
  }, async (request) => {
    const { url, method, headers } = request;
    const body = await request.bytes();
    const asked = url.endsWith(LISTING) && fromBinary(
      ListOrganizationMetadataRequestSchema,
      body.subarray(FRAME_HEADER_BYTES),
    );
    if (!asked || !HUGE.includes(asked.organizationId)) {
      return fetch(new Request(url, { method, headers, body }));
    }
    const start = Number(asked.pagination?.offset ?? 0n);
    const limit = asked.pagination?.limit ?? shape.entries;
    const end = Math.min(start + limit, shape.entries);
    return new Response(
      ReadableStream.from((function* () {
        // Messages one after the other are one message.
        yield frameHeader(0, (end - start) * entry(0).length + total.length);
        for (let index = start; index < end; index++) yield entry(index);
        yield total;
        const trailer = new TextEncoder().encode("grpc-status: 0\r\n");
        yield frameHeader(0x80, trailer.length);
        yield trailer;
      })()),
      { headers: { "content-type": "application/grpc-web+proto" } },
    );
  });
}

function frameHeader(flag: number, length: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(FRAME_HEADER_BYTES);
  header[0] = flag;
  new DataView(header.buffer).setUint32(1, length);
  return header;
}
