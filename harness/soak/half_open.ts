export interface HalfOpen {
  close(): void;
}

/**
 * Opens connections that start a request and never finish it: some send
 * nothing, some stop in the headers or the body, some send a byte now and then.
 */
export async function holdConnections(
  url: string,
  count: number,
): Promise<HalfOpen> {
  const { hostname, port } = new URL(url);
  const seconds = Math.floor(Date.now() / 1_000);
  const signature = `zitadel-signature: t=${seconds},v1=${"0".repeat(64)}\r\n`;
  const beginnings = [
    "",
    "POST / HTTP/1.1\r\nhost: a\r\n",
    `POST / HTTP/1.1\r\nhost: a\r\n${signature}content-length: 100000\r\n\r\n{`,
    `POST / HTTP/1.1\r\nhost: a\r\n${signature}transfer-encoding: chunked\r\n\r\n1\r\n{\r\n`,
  ];
  const encoder = new TextEncoder();
  const open = new Set<Deno.TcpConn>();
  const drips: number[] = [];
  for (let i = 0; i < count; i++) {
    const connection = await Deno.connect({ hostname, port: Number(port) });
    open.add(connection);
    const text = beginnings[i % beginnings.length]!;
    await connection.write(encoder.encode(text));
    // Any data, or the end, means that the server has let go.
    connection.read(new Uint8Array(1_024)).catch(() => {})
      .then(() => open.delete(connection));
    if (i % 8 === 2) {
      drips.push(setInterval(() => {
        connection.write(encoder.encode(" ")).catch(() => {});
      }, 500) as unknown as number);
    }
  }
  return {
    close() {
      for (const drip of drips) clearInterval(drip);
      for (const connection of open) connection.close();
    },
  };
}
