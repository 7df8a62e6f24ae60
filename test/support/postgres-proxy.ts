/** A TCP proxy before a PostgreSQL server that cuts a connection at a statement. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';

export interface CuttingProxy {
  readonly port: number;
  /** How often it has cut a connection. */
  readonly cuts: number;
  /** Cuts the connection that sends this statement next: the server does not get it. */
  cutBefore(statement: string): void;
  /** As `cutBefore`, but the server gets it; only its answer is lost. */
  cutAfter(statement: string): void;
  /** As `cutAfter`, but the client gets the error of a server that ends because its disk is full. */
  panicAfter(statement: string): void;
  /** Cuts each connection that sends this statement from now on: the server never gets it. */
  cutAlways(statement: string): void;
  /** Answers this statement, once, with an error of the server; the server does not get it. */
  refuse(statement: string, code: string): void;
  /** Cuts all connections. */
  cutAll(): void;
  close(): Promise<void>;
}

/** Starts the proxy before the server whose socket is in `dir`. */
export async function aProxy(dir: string): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let cut: { readonly statement: string; readonly when: 'before' | 'after' | 'panic' } | null = null;
  let always: string | null = null;
  let refused: { readonly statement: string; readonly code: string } | null = null;
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect(join(dir, '.s.PGSQL.5432'));
    let isDeaf = false;
    let panics = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (bytes: Buffer) => {
      if (refused !== null && bytes.includes(refused.statement)) {
        client.write(errorResponse(refused.code));
        refused = null;
        return;
      }
      if (always !== null && bytes.includes(always)) {
        client.destroy();
        return;
      }
      if (cut === null || !bytes.includes(cut.statement)) {
        upstream.write(bytes);
        return;
      }
      const { when } = cut;
      cut = null;
      cuts += 1;
      if (when === 'before') {
        client.destroy();
        return;
      }
      isDeaf = true;
      panics = when === 'panic';
      upstream.write(bytes);
    });
    upstream.on('data', (bytes: Buffer) => {
      if (panics) client.end(errorResponse('53100', 'PANIK'));
      else if (isDeaf) client.destroy();
      else client.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cutAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get cuts() {
      return cuts;
    },
    cutBefore(statement) {
      cut = { statement, when: 'before' };
    },
    cutAfter(statement) {
      cut = { statement, when: 'after' };
    },
    panicAfter(statement) {
      cut = { statement, when: 'panic' };
    },
    cutAlways(statement) {
      always = statement;
    },
    refuse(statement, code) {
      refused = { statement, code };
    },
    cutAll,
    async close() {
      cutAll();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The messages ErrorResponse and ReadyForQuery of the protocol. `severity`: in the language of the server. */
function errorResponse(code: string, severity: 'ERROR' | 'PANIK' = 'ERROR'): Buffer {
  const inEnglish = severity === 'PANIK' ? 'PANIC' : severity;
  const fields = Buffer.from(`S${severity}\0V${inEnglish}\0C${code}\0Mrefused by the proxy\0\0`);
  const length = Buffer.alloc(4);
  length.writeInt32BE(fields.length + 4);
  return Buffer.concat([Buffer.from('E'), length, fields, Buffer.from('Z\0\0\0\x05I')]);
}
