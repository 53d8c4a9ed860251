import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  ListOrganizationMetadataRequestSchema,
  ListOrganizationMetadataResponseSchema,
} from "@zitadel/proto/zitadel/org/v2beta/org_service_pb";
import fc from "fast-check";

/** Organizations with far more metadata than a mapping may have. */
export const HUGE = Array.from({ length: 4 }, (_, i) => `huge-${i}`);

const FRAME_HEADER_BYTES = 5;

/** How many entries an organization has and how large they are: 100 to 500 MB, as ZITADEL takes them. */
const shape = fc.record({
  entries: fc.integer({ min: 1_000, max: 20_000 }),
  totalBytes: fc.integer({ min: 100e6, max: 500e6 }),
});

/** Creates what lists the metadata of {@linkcode HUGE}, without holding it. */
export function answerHuge(
  seed: number,
): (path: string, body: Uint8Array) => Response | undefined {
  const shapes = fc.sample(shape, { seed, numRuns: HUGE.length });
  return (path, body) => {
    if (!path.endsWith("/ListOrganizationMetadata")) return undefined;
    const { organizationId, pagination } = fromBinary(
      ListOrganizationMetadataRequestSchema,
      body.subarray(FRAME_HEADER_BYTES),
    );
    const huge = shapes[HUGE.indexOf(organizationId)];
    if (!huge) return undefined;
    const start = Number(pagination?.offset ?? 0n);
    const end = Math.min(
      start + (pagination?.limit || huge.entries),
      huge.entries,
    );
    return new Response(ReadableStream.from(messages(huge, start, end)), {
      headers: { "content-type": "application/grpc-web+proto" },
    });
  };
}

function* messages(
  { entries, totalBytes }: { entries: number; totalBytes: number },
  start: number,
  end: number,
): Generator<Uint8Array<ArrayBuffer>> {
  const schema = ListOrganizationMetadataResponseSchema;
  const value = new Uint8Array(totalBytes / entries).fill(0x61);
  const entry = (index: number) => {
    const key = `role-${String(index).padStart(8, "0")}`;
    return toBinary(schema, create(schema, { metadata: [{ key, value }] }));
  };
  const total = toBinary(
    schema,
    create(schema, { pagination: { totalResult: BigInt(entries) } }),
  );
  // Messages one after the other are one message.
  yield frameHeader(0, (end - start) * entry(0).length + total.length);
  for (let index = start; index < end; index++) yield entry(index);
  yield total;
  const trailer = new TextEncoder().encode("grpc-status: 0\r\n");
  yield frameHeader(0x80, trailer.length);
  yield trailer;
}

function frameHeader(flag: number, length: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(FRAME_HEADER_BYTES);
  header[0] = flag;
  new DataView(header.buffer).setUint32(1, length);
  return header;
}
