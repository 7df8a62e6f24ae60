import { z } from 'zod';
import { isLoopbackHost } from './identity.ts';
import { LIMITS } from './limits.ts';
import { inert } from './spans.ts';

/** What an offer carries, there and back. Anybody can send anything: nothing in it is trusted. */
const context = z.object({ offer: z.string().min(1).max(100) });
type FileContext = z.infer<typeof context>;

/** Where Teams made room for a file. Who has `uploadUrl` can write there: it is never logged or shown. */
const room = z.object({
  uploadUrl: z.string().max(4_000),
  contentUrl: z.string().max(4_000),
  name: z.string().min(1).max(500),
  uniqueId: z.string().min(1).max(500),
  fileType: z.string().max(50).catch('txt'),
});
export type Room = z.infer<typeof room>;

const consent = z.discriminatedUnion('action', [
  z.object({ type: z.literal('fileUpload'), action: z.literal('accept'), context, uploadInfo: room }),
  z.object({ type: z.literal('fileUpload'), action: z.literal('decline'), context }),
]);
/** Somebody's answer to an offer of a file. */
export type Consent = z.infer<typeof consent>;

/** The name of the invoke that brings one. */
export const CONSENT = 'fileConsent/invoke';

/** The answer in the value of an invoke, or null where it is none. */
export function readConsent(value: unknown): Consent | null {
  const parsed = consent.safeParse(value);
  return parsed.success ? parsed.data : null;
}

/** A card that Teams draws itself; it takes these in the chat between a person and m0 only. */
export type FileCard =
  | {
      readonly contentType: 'application/vnd.microsoft.teams.card.file.consent';
      readonly name: string;
      readonly content: {
        readonly description: string;
        readonly sizeInBytes: number;
        readonly acceptContext: FileContext;
        readonly declineContext: FileContext;
      };
    }
  | {
      readonly contentType: 'application/vnd.microsoft.teams.card.file.info';
      readonly contentUrl: string;
      readonly name: string;
      readonly content: { readonly uniqueId: string; readonly fileType: string };
    };

/** Asks whether a file may be put into who reads it's OneDrive. */
export function consentCard(
  file: { readonly name: string; readonly about: string; readonly bytes: number },
  carried: FileContext,
): FileCard {
  return {
    contentType: 'application/vnd.microsoft.teams.card.file.consent',
    name: file.name,
    content: {
      description: inert(file.about, LIMITS.fileAbout),
      sizeInBytes: file.bytes,
      acceptContext: carried,
      declineContext: carried,
    },
  };
}

/** Shows a file that stands where Teams made room for it. */
export function fileCard({ contentUrl, name, uniqueId, fileType }: Room): FileCard {
  return {
    contentType: 'application/vnd.microsoft.teams.card.file.info',
    contentUrl,
    name: inert(name, LIMITS.fileShown),
    content: { uniqueId, fileType },
  };
}

/** OneDrive for work and SharePoint, where Teams keeps people's files, in the clouds that m0 knows. */
const FILES_HOST = /^([\w-]+\.)+sharepoint\.com$/;

/**
 * An address at which Teams keeps files, or null for any other. `isLocal`: this machine plays Teams' part, and only
 * what is on it is an address of files.
 */
export function fileAddress(text: string, isLocal: boolean): URL | null {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return null;
  if (isLocal) return url.protocol === 'http:' && isLoopbackHost(url.hostname) ? url : null;
  return url.protocol === 'https:' && url.port === '' && FILES_HOST.test(url.hostname) ? url : null;
}
