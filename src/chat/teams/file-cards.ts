/** The cards with which Teams offers and shows files, and what comes back from them. */
import { z } from 'zod';
import { isLoopbackHost } from './identity.ts';
import { LIMITS } from './limits.ts';
import { inert } from './spans.ts';

/** The data of an offer, returned with its answer. Anybody can send any data, so nothing in it is trusted. */
const context = z.object({ offer: z.string().min(1).max(100) });
type FileContext = z.infer<typeof context>;

/**
 * Where Teams lets m0 store a file. Anybody who has `uploadUrl` can write there, so it is never logged or
 * shown.
 */
const uploadInfo = z.object({
  uploadUrl: z.string().max(4_000),
  contentUrl: z.string().max(4_000),
  name: z.string().min(1).max(500),
  uniqueId: z.string().min(1).max(500),
  fileType: z.string().max(50).catch('txt'),
});
export type UploadInfo = z.infer<typeof uploadInfo>;

const consent = z.discriminatedUnion('action', [
  z.object({ type: z.literal('fileUpload'), action: z.literal('accept'), context, uploadInfo: uploadInfo }),
  z.object({ type: z.literal('fileUpload'), action: z.literal('decline'), context }),
]);
/** A person's answer to the offer of a file. */
export type Consent = z.infer<typeof consent>;

/** The name of the invoke that carries such an answer. */
export const CONSENT = 'fileConsent/invoke';

/** The answer in an invoke's value, or null where the value is none. */
export function readConsent(value: unknown): Consent | null {
  const parsed = consent.safeParse(value);
  return parsed.success ? parsed.data : null;
}

/** A card that Teams itself draws. Teams accepts these only in the chat between a person and m0. */
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

/** Asks the reader whether a file may be stored in their OneDrive. */
export function consentCard(
  file: { readonly name: string; readonly about: string; readonly bytes: number },
  context: FileContext,
): FileCard {
  return {
    contentType: 'application/vnd.microsoft.teams.card.file.consent',
    name: file.name,
    content: {
      description: inert(file.about, LIMITS.fileAbout),
      sizeInBytes: file.bytes,
      acceptContext: context,
      declineContext: context,
    },
  };
}

/** Shows a file that was stored in OneDrive. */
export function fileCard({ contentUrl, name, uniqueId, fileType }: UploadInfo): FileCard {
  return {
    contentType: 'application/vnd.microsoft.teams.card.file.info',
    contentUrl,
    name: inert(name, LIMITS.fileShown),
    content: { uniqueId, fileType },
  };
}

/** Hosts of OneDrive for work and SharePoint, where Teams keeps people's files. */
const FILES_HOST = /^([\w-]+\.)+sharepoint\.com$/;

/**
 * The URL if it is one where Teams keeps files, otherwise null. With `isLocal` this machine plays Teams'
 * part, and only its own addresses count.
 */
export function fileAddress(text: string, isLocal: boolean): URL | null {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return null;
  if (isLocal) return url.protocol === 'http:' && isLoopbackHost(url.hostname) ? url : null;
  return url.protocol === 'https:' && url.port === '' && FILES_HOST.test(url.hostname) ? url : null;
}
