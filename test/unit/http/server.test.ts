import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/base/log.ts';
import { type HttpOptions, type HttpServer, type Readiness, startHttp } from '../../../src/http/server.ts';

describe('startHttp', () => {
  let server: HttpServer;
  let readiness: () => Promise<Readiness>;
  let metrics: () => Promise<string>;
  let lines: string[];

  const options = (): HttpOptions => ({
    host: '127.0.0.1',
    port: 0,
    ready: () => readiness(),
    metrics: () => metrics(),
    log: createLogger('info', { write: (line) => void lines.push(line) }),
    routes: [{ path: '/slack/events', handle: async (r) => new Response(`got ${await r.text()}`) }],
  });

  beforeEach(async () => {
    lines = [];
    readiness = async () => ({ ok: true, problems: [] });
    metrics = async () => 'm0_runs_total 3\n';
    server = await startHttp(options());
  });
  afterEach(() => server.close());

  it('says that it lives', async () => {
    const response = await fetch(`${server.url}/healthz`);
    expect([response.status, await response.text()]).toEqual([200, 'alive\n']);
  });

  it('is ready, or names what is wrong', async () => {
    const good = await fetch(`${server.url}/readyz`);
    expect([good.status, await good.json()]).toEqual([200, { ok: true, problems: [] }]);
    const problems = [{ part: 'chat', problem: 'Slack answers invalid_auth' }];
    readiness = async () => ({ ok: false, problems });
    const bad = await fetch(`${server.url}/readyz`);
    expect([bad.status, await bad.json()]).toEqual([503, { ok: false, problems }]);
  });

  it('is not ready where nobody can tell, and says why in the log only', async () => {
    readiness = () => Promise.reject(new Error('disk on fire'));
    const response = await fetch(`${server.url}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.text()).not.toContain('fire');
    expect(lines.join('')).toContain('disk on fire');
  });

  it('gives its metrics as Prometheus reads them', async () => {
    const response = await fetch(`${server.url}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(await response.text()).toBe('m0_runs_total 3\n');
    metrics = () => Promise.reject(new Error('disk on fire'));
    const broken = await fetch(`${server.url}/metrics`);
    expect([broken.status, await broken.text()]).toEqual([500, 'internal error\n']);
  });

  it.each([
    ['GET', '/'],
    ['GET', '/slack/events'],
    ['POST', '/healthz'],
    ['POST', '/approve'],
    ['DELETE', '/readyz'],
    ['GET', '/healthz/../metrics/x'],
  ])('has nothing at %s %s', async (method, path) => {
    expect((await fetch(server.url + path, { method })).status).toBe(404);
  });

  it('hands a platform its own route, body and all', async () => {
    const response = await fetch(`${server.url}/slack/events`, { method: 'POST', body: 'payload' });
    expect(await response.text()).toBe('got payload');
  });

  it('takes a body nowhere else', async () => {
    const status = await new Promise((resolve, reject) => {
      const sent = request(
        `${server.url}/healthz`,
        { method: 'GET', headers: { 'content-length': '5' } },
        (r) => {
          r.resume();
          resolve(r.statusCode);
        },
      );
      sent.on('error', reject);
      sent.end('12345');
    });
    expect(status).toBe(413);
    expect((await fetch(`${server.url}/approve`, { method: 'POST', body: 'x' })).status).toBe(413);
  });

  it('sends the headers that keep a browser out of it', async () => {
    const { headers } = await fetch(`${server.url}/nothing`);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('says which address it could not have', async () => {
    const port = Number(new URL(server.url).port);
    await expect(startHttp({ ...options(), port })).rejects.toThrow(
      `listening on 127.0.0.1:${port}: another program uses that port: set PORT`,
    );
  });

  it('answers nobody after close', async () => {
    const other = await startHttp(options());
    await other.close();
    const refused = new Promise((resolve) => {
      connect(Number(new URL(other.url).port), '127.0.0.1').on('error', (e) => resolve(e.message));
    });
    expect(await refused).toContain('ECONNREFUSED');
  });
});
