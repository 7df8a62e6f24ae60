/** Slack's Socket Mode. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { ACK_TIMEOUT_MS, type Ack, type Delivery, type EnvelopeType, type Retry } from './delivery.ts';

const PING_EVERY_MS = 10_000;
const CLOSE_TIMEOUT_MS = 1000;
const PATH = '/link/';

/**
 * Socket Mode: the app connects with a ticket from apps.connections.open and acknowledges the envelopes it
 * receives.
 */
export class SocketMode implements Delivery {
  readonly #server = new WebSocketServer({ noServer: true });
  readonly #tickets = new Set<string>();
  readonly #sockets: WebSocket[] = [];
  readonly #waiting = new Map<string, (payload: unknown) => void>();
  readonly #appId: string;
  readonly #onConnections: () => void;
  readonly #pings: NodeJS.Timeout;
  /** Slack sends an event at most three times over a connection. */
  readonly retryWaits = [0, 0];
  #turn = 0;

  constructor(appId: string, onConnections: () => void) {
    this.#appId = appId;
    this.#onConnections = onConnections;
    this.#pings = setInterval(() => {
      for (const socket of this.#sockets) socket.ping(String(Date.now()));
    }, PING_EVERY_MS);
    this.#pings.unref();
  }

  get connections(): number {
    return this.#sockets.length;
  }

  /** The path of a new connection. It can be used once. */
  issueTicket(): string {
    const ticket = randomUUID();
    this.#tickets.add(ticket);
    return `${PATH}?ticket=${ticket}&app_id=${this.#appId}`;
  }

  /** Handles an HTTP upgrade. A connection without a fresh ticket is refused. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const ticket = url.searchParams.get('ticket') ?? '';
    if (url.pathname !== PATH || !this.#tickets.delete(ticket)) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (connected) => this.#onConnection(connected));
  }

  /**
   * Sends one envelope over one connection (round-robin where the app has several) and waits 3 s for its
   * acknowledgement.
   */
  deliver(type: EnvelopeType, payload: Record<string, unknown>, retry: Retry | null): Promise<Ack> {
    const socket = this.#sockets[this.#turn++ % Math.max(1, this.#sockets.length)];
    if (socket?.readyState !== WebSocket.OPEN)
      return Promise.resolve({ ok: false, error: 'dispatch_failed', retryReason: null });
    const envelope = {
      envelope_id: randomUUID(),
      type,
      payload,
      accepts_response_payload: type !== 'events_api',
      ...(type === 'events_api' ? { retry_attempt: retry?.num ?? 0, retry_reason: retry?.reason ?? '' } : {}),
    };
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(envelope.envelope_id);
        resolve({ ok: false, error: 'operation_timeout', retryReason: 'timeout' });
      }, ACK_TIMEOUT_MS);
      this.#waiting.set(envelope.envelope_id, (answer) => {
        clearTimeout(timer);
        resolve({ ok: true, payload: answer });
      });
      socket.send(JSON.stringify(envelope));
    });
  }

  /** Asks all connections to reconnect, as Slack does about once an hour. */
  refresh(): void {
    for (const socket of this.#sockets) {
      socket.send(
        JSON.stringify({ type: 'disconnect', reason: 'refresh_requested', debug_info: { host: 'local' } }),
      );
    }
  }

  /** Closes all connections without a handshake. */
  cut(): void {
    for (const socket of [...this.#sockets]) socket.terminate();
  }

  /** Closes all connections with a handshake, so that apps see a normal end. Resolves when all are closed. */
  async close(): Promise<void> {
    clearInterval(this.#pings);
    const gone = this.#sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    for (const socket of this.#sockets) socket.close(1001);
    const closeTimer = setTimeout(() => {
      for (const socket of this.#sockets) socket.terminate();
    }, CLOSE_TIMEOUT_MS);
    await Promise.all(gone);
    clearTimeout(closeTimer);
    this.#server.close();
  }

  #onConnection(socket: WebSocket): void {
    this.#sockets.push(socket);
    socket.on('message', (data) => this.#onAcknowledgement(data));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      this.#sockets.splice(this.#sockets.indexOf(socket), 1);
      this.#onConnections();
    });
    socket.send(
      JSON.stringify({
        type: 'hello',
        num_connections: this.#sockets.length,
        debug_info: { host: 'local', approximate_connection_time: 3600 },
        connection_info: { app_id: this.#appId },
      }),
    );
    this.#onConnections();
  }

  #onAcknowledgement(data: RawData): void {
    let message: { envelope_id?: unknown; payload?: unknown };
    try {
      message = JSON.parse(data.toString()) as typeof message;
    } catch {
      return;
    }
    const id = String(message.envelope_id);
    const resolve = this.#waiting.get(id);
    this.#waiting.delete(id);
    resolve?.(message.payload);
  }
}
