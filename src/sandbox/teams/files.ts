/** Files that the bot offers to a person and stores in their OneDrive. */
import { z } from 'zod';
import type { Json, TeamsFile, TeamsMessage } from './model.ts';
import type { Organisation } from './organisation.ts';

const json = z.record(z.string(), z.unknown());
const attachment = z.discriminatedUnion('contentType', [
  z.strictObject({
    contentType: z.literal('application/vnd.microsoft.teams.card.file.consent'),
    name: z.string().min(1),
    content: z.strictObject({
      description: z.string(),
      sizeInBytes: z.int().min(1),
      acceptContext: json,
      declineContext: json,
    }),
  }),
  z.strictObject({
    contentType: z.literal('application/vnd.microsoft.teams.card.file.info'),
    contentUrl: z.url(),
    name: z.string().min(1),
    content: z.strictObject({ uniqueId: z.string().min(1), fileType: z.string().min(1) }),
  }),
]);

/** The file that a bot's activity offers or shows; null where it does neither or is not valid. */
export function fileOf(body: Json): TeamsFile | null {
  const [first] = (body.attachments ?? []) as readonly Json[];
  const parsed = attachment.safeParse(first);
  if (!parsed.success) return null;
  const { data } = parsed;
  if (data.contentType === 'application/vnd.microsoft.teams.card.file.info') {
    return { kind: 'stored', name: data.name, url: data.contentUrl };
  }
  const { description, sizeInBytes, acceptContext, declineContext } = data.content;
  return {
    kind: 'offered',
    name: data.name,
    description,
    bytes: sizeInBytes,
    accept: acceptContext,
    decline: declineContext,
  };
}

/** The file that a message offers. Throws where it offers none. */
export function offeredIn({ file }: TeamsMessage): Extract<TeamsFile, { kind: 'offered' }> {
  if (file?.kind !== 'offered') throw new Error('this message offers no file');
  return file;
}

/** Stores a file once, where the person accepted it, or returns it as plain text. */
export async function answerDrive(
  organisation: Organisation,
  id: string,
  request: Request,
): Promise<Response> {
  const file = Object.hasOwn(organisation.files, id) ? organisation.files[id] : undefined;
  if (file === undefined) return new Response('no such file', { status: 404 });
  if (request.method === 'GET' && file.text !== null) {
    // Plain text, so that nothing in a file runs as a page of this machine.
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };
    return new Response(file.text, { headers });
  }
  if (request.method !== 'PUT') return new Response('no such file', { status: 404 });
  // The URL alone gives the right to write; OneDrive refuses other tokens than its own.
  if (request.headers.has('authorization')) return new Response('a token', { status: 401 });
  if (file.text !== null) return new Response('stored before', { status: 404 });
  const bytes = Buffer.from(await request.arrayBuffer());
  const range = `bytes 0-${bytes.length - 1}/${bytes.length}`;
  if (request.headers.get('content-range') !== range) return new Response('not all of it', { status: 416 });
  file.text = bytes.toString('utf8');
  organisation.changed();
  return Response.json({ name: file.name, size: bytes.length }, { status: 201 });
}
