/** A local HTTP server with PagerDuty's `GET /oncalls` and shifts that the test sets. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/*
 * PagerDuty's `GET /oncalls` as in its API reference (operation listOnCalls of github.com/PagerDuty/api-schema):
 * the parameters, the answer with its pagination, and the error documents of 400, 401, 403 and 429. What the
 * reference does not allow is refused here, so a client that sends a wrong request fails the test.
 */

interface User {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

interface Shift {
  readonly schedule: string;
  readonly user: User;
  /** ISO times; null: no limit. */
  readonly start: string | null;
  readonly end: string | null;
  /** How many escalation policies use the schedule: the answer lists the shift once for each. */
  readonly policies?: number;
}

export const KEY = 'u+readonlyKEY4711';
export const SAM: User = { id: 'PSAM1', name: 'Sam Lee', email: 'sam@acme.dev' };
export const DANA_THERE: User = { id: 'PDANA1', name: 'Dana Ray', email: 'Dana@Acme.dev' };
export const KIM_THERE: User = { id: 'PKIM1', name: 'Kim Lee', email: 'kim@acme.dev' };

const ERRORS: Readonly<Record<number, readonly [message: string, code: number]>> = {
  400: ['Invalid Input Provided', 2001],
  401: ['Unauthorized', 2006],
  403: ['Access Denied', 2010],
  404: ['Not Found', 2100],
  429: ['Rate Limit Exceeded', 2020],
};

export class FakePagerDuty {
  readonly shifts: Shift[] = [];
  /** Schedules that the API key has no access to. */
  readonly hidden = new Set<string>();
  /** Paths of the requests received, oldest first. */
  readonly asked: string[] = [];
  /** The maximum page size, even if a request asks for more. */
  page = 100;
  /** Runs before the server handles a request; returns true if it has sent the answer itself. */
  before: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  readonly #server = createServer((request, response) => this.#handle(request, response));

  static async start(): Promise<FakePagerDuty> {
    const it = new FakePagerDuty();
    await new Promise<void>((resolve) => it.#server.listen(0, '127.0.0.1', resolve));
    return it;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Makes this user the only one on call from now on, as an override does. */
  puts(schedule: string, user: User, end: string | null, start: string | null = null): void {
    this.shifts.splice(0, this.shifts.length, { schedule, user, start, end });
  }

  /** Answers every request with this from now on. */
  answers(status: number, body: string, headers: Readonly<Record<string, string>> = {}): void {
    this.before = (_, response) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(body);
      return true;
    };
  }

  /** Breaks the connection on every request from now on. */
  breaks(): void {
    this.before = (request) => {
      request.socket.destroy();
      return true;
    };
  }

  works(): void {
    this.before = () => false;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    this.asked.push(path);
    if (this.before(request, response)) return;
    const answer = this.#answer(request, new URL(path, 'http://x'));
    const body = typeof answer === 'number' ? errorDocument(answer) : answer;
    response.writeHead(typeof answer === 'number' ? answer : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  }

  #answer({ method, headers }: IncomingMessage, url: URL): number | object {
    if (headers.authorization !== `Token token=${KEY}`) return 401;
    if (headers.accept !== 'application/vnd.pagerduty+json;version=2') return 400;
    // A read-only key allows GET only.
    if (method !== 'GET') return 403;
    if (url.pathname !== '/oncalls') return 404;
    const q = url.searchParams;
    const known = ['schedule_ids[]', 'include[]', 'since', 'until', 'limit', 'offset'];
    if ([...q.keys()].some((name) => !known.includes(name))) return 400;
    const [since, until] = [Date.parse(q.get('since') ?? ''), Date.parse(q.get('until') ?? '')];
    const [limit, offset] = [Number(q.get('limit')), Number(q.get('offset'))];
    if (Number.isNaN(since) || Number.isNaN(until) || until < since) return 400;
    if (!Number.isInteger(limit) || limit < 1 || limit > 100 || !Number.isInteger(offset)) return 400;
    const schedules = q.getAll('schedule_ids[]');
    if (schedules.some((id) => this.hidden.has(id))) return 403;
    const all = this.shifts
      .filter((s) => schedules.includes(s.schedule))
      // Shifts that overlap the range, both ends included.
      .filter((s) => s.start === null || Date.parse(s.start) <= until)
      .filter((s) => s.end === null || Date.parse(s.end) >= since)
      .flatMap((s) => Array.from({ length: s.policies ?? 1 }, (_, i) => entry(s, i, q.getAll('include[]'))));
    const size = Math.min(limit, this.page);
    const oncalls = all.slice(offset, offset + size);
    return { oncalls, limit: size, offset, more: offset + size < all.length, total: null };
  }
}

function errorDocument(status: number): object {
  const [message, code] = ERRORS[status] ?? ['Internal Server Error', 2000];
  return { error: { message, code } };
}

function entry({ user, schedule, start, end }: Shift, policy: number, include: readonly string[]): object {
  const of = (kind: string, id: string) => ({
    self: `https://api.pagerduty.com/${kind}/${id}`,
    html_url: `https://acme.pagerduty.com/${kind}/${id}`,
  });
  return {
    user: include.includes('users')
      ? { ...user, type: 'user', summary: user.name, time_zone: 'Europe/Berlin', role: 'user' }
      : { id: user.id, type: 'user_reference', summary: user.name, ...of('users', user.id) },
    schedule: { id: schedule, type: 'schedule_reference', summary: 'Primary', ...of('schedules', schedule) },
    escalation_policy: {
      ...{ id: `PPOL${policy}`, type: 'escalation_policy_reference', summary: `Policy ${policy}` },
      ...of('escalation_policies', `PPOL${policy}`),
    },
    escalation_level: policy + 1,
    start,
    end,
  };
}
