/** Sends HTTP requests to the app. */
import { Agent, type IncomingHttpHeaders, request } from 'node:http';

/** The app's complete answer. */
export interface AppAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Idle connections end with the process. */
const agent = new Agent({ keepAlive: true });

/**
 * Sends a POST to an app on this machine. Rejects where the app cannot be reached or `signal` fires. Uses
 * Node's own client instead of `fetch`, because the cost of `fetch` would count as the app's in measurements.
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
      // The app closed an idle connection just when it was reused, so it received nothing: try again.
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
