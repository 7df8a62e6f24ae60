import { Agent, type IncomingHttpHeaders, request } from 'node:http';

/** An answer of the app's, read to its end. */
export interface AppAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Idle connections end with the process. */
const agent = new Agent({ keepAlive: true });

/**
 * Sends a POST to an app on this machine. Rejects where it can't be reached or `signal` fires. Node's own client
 * and not `fetch`, whose cost on a busy machine would be counted as the app's.
 */
export function postToApp(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
): Promise<AppAnswer> {
  return new Promise((resolve, reject) => {
    const length = { 'content-length': String(Buffer.byteLength(body)) };
    const sent = request(url, { method: 'POST', agent, signal, headers: { ...headers, ...length } });
    sent.once('error', (error: NodeJS.ErrnoException) => {
      // The app closed a connection that was idle just as it was used again: nothing was taken in.
      if (sent.reusedSocket && error.code === 'ECONNRESET')
        postToApp(url, headers, body, signal).then(resolve, reject);
      else reject(error);
    });
    sent.once('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => void parts.push(part));
      response.once('error', reject);
      response.once('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    sent.end(body);
  });
}
