import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPagerDutyApi, PagerDutyError } from '../../../../src/people/pagerduty/pagerduty-api.ts';
import { DANA_THERE, FakePagerDuty, KEY, KIM_THERE, SAM } from '../../../support/fake-pagerduty.ts';

const AT = Date.parse('2026-03-02T12:00:00Z');
const NINE = '2026-03-03T09:00:00+01:00';
const SCHEDULE = 'PABC123';

describe("PagerDuty's API", () => {
  let pagerduty: FakePagerDuty;
  beforeEach(async () => {
    pagerduty = await FakePagerDuty.start();
  });
  afterEach(() => pagerduty.close());

  const api = (change: Partial<Parameters<typeof createPagerDutyApi>[0]> = {}) =>
    createPagerDutyApi({ token: KEY, apiUrl: pagerduty.url, clock: () => AT, ...change });
  async function refused(of = api()): Promise<PagerDutyError> {
    const error: unknown = await of.onCallAt(SCHEDULE, AT).catch((e: unknown) => e);
    if (!(error instanceof PagerDutyError)) throw new Error(`no PagerDutyError: ${JSON.stringify(error)}`);
    expect(error.message).toContain('asking PagerDuty who is on call for PABC123: ');
    return error;
  }

  it('returns who is on call, with e-mail address and end of the shift', async () => {
    pagerduty.puts(SCHEDULE, DANA_THERE, NINE, '2026-03-01T09:00:00+01:00');
    pagerduty.shifts.push({ schedule: 'POTHER', user: SAM, start: null, end: null });
    expect(await api().onCallAt(SCHEDULE, AT)).toEqual([
      { id: 'PDANA1', name: 'Dana Ray', email: 'Dana@Acme.dev', until: Date.parse(NINE) },
    ]);
  });

  it('returns each person once, until the last of their shifts; several people may be on call', async () => {
    pagerduty.puts(SCHEDULE, DANA_THERE, NINE);
    pagerduty.shifts.push(
      { schedule: SCHEDULE, user: KIM_THERE, start: null, end: NINE, policies: 3 },
      { schedule: SCHEDULE, user: KIM_THERE, start: null, end: '2026-03-04T09:00:00Z' },
      { schedule: SCHEDULE, user: SAM, start: null, end: null },
      { schedule: SCHEDULE, user: SAM, start: null, end: NINE },
    );
    expect((await api().onCallAt(SCHEDULE, AT)).map((o) => [o.id, o.until])).toEqual([
      ['PDANA1', Date.parse(NINE)],
      ['PKIM1', Date.parse('2026-03-04T09:00:00Z')],
      ['PSAM1', null],
    ]);
  });

  it('counts a shift from its start to just before its end', async () => {
    pagerduty.shifts.push(
      { schedule: SCHEDULE, user: DANA_THERE, start: null, end: '2026-03-02T12:00:00Z' },
      { schedule: SCHEDULE, user: KIM_THERE, start: '2026-03-02T12:00:00Z', end: NINE },
    );
    const names = async (at: number) => (await api().onCallAt(SCHEDULE, at)).map((o) => o.name);
    expect(await names(AT - 1)).toEqual(['Dana Ray']);
    expect(await names(AT)).toEqual(['Kim Lee']);
  });

  it('reads every page, however small the pages are', async () => {
    for (let i = 0; i < 7; i += 1) {
      const user = { id: `P${i}`, name: `N${i}`, email: `n${i}@acme.dev` };
      pagerduty.shifts.push({ schedule: SCHEDULE, user, start: null, end: NINE });
    }
    pagerduty.page = 3;
    expect((await api().onCallAt(SCHEDULE, AT)).map((o) => o.id)).toEqual([
      'P0',
      'P1',
      'P2',
      'P3',
      'P4',
      'P5',
      'P6',
    ]);
  });

  it('gives up on pages that never end', async () => {
    pagerduty.answers(200, JSON.stringify({ oncalls: [], limit: 100, offset: 0, more: true, total: null }));
    expect((await refused()).message).toContain('more than 1000');
  });

  it.each([
    [400, 'answers 400: Invalid Input'],
    [401, 'set PAGERDUTY_TOKEN'],
    [403, 'the key may not read it (403: Access Denied)'],
    [404, 'knows no such schedule'],
  ])('a refusal (%d) says what to do, and is not retried', async (status, text) => {
    const message = status === 400 ? 'Invalid Input' : 'Access Denied';
    pagerduty.answers(status, JSON.stringify({ error: { message, code: 1 } }));
    expect(await refused()).toMatchObject({ message: expect.stringContaining(text), refused: true });
    expect(pagerduty.asked).toHaveLength(1);
  });

  it('is refused with a wrong key, and for a schedule that the key may not read', async () => {
    expect((await refused(api({ token: 'wrong' }))).message).toContain('refuses the key (401)');
    pagerduty.hidden.add(SCHEDULE);
    expect((await refused()).message).toContain('(403');
  });

  it.each([
    [{ 'retry-after': '7' }, 7_000],
    [{ 'ratelimit-reset': '41' }, 41_000],
    [{ 'retry-after': 'Mon, 02 Mar 2026 12:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'soon' }, null],
    [{}, null],
  ])('at the rate limit reads when to retry: %j', async (headers, retryAfterMs) => {
    pagerduty.answers(429, '{}', headers as Record<string, string>);
    expect(await refused()).toMatchObject({ refused: false, retryAfterMs });
    expect(pagerduty.asked).toHaveLength(1);
  });

  it.each(['503', 'broken line'])('retries once after a %s', async (how) => {
    pagerduty.puts(SCHEDULE, DANA_THERE, NINE);
    let n = 0;
    pagerduty.before = (request, response) => {
      n += 1;
      if (n > 1) return false;
      if (how === '503') response.writeHead(503).end();
      else request.socket.destroy();
      return true;
    };
    expect(await api().onCallAt(SCHEDULE, AT)).toHaveLength(1);
    pagerduty.answers(503, 'upstream');
    n = pagerduty.asked.length;
    expect(await refused()).toMatchObject({ refused: false });
    expect(pagerduty.asked).toHaveLength(n + 2);
  });

  it('does not wait forever, and limits the size of an answer', async () => {
    pagerduty.before = () => true;
    expect((await refused(api({ limits: { callMs: 30 } }))).message).toContain('does not answer in time');
    // An answer that never ends counts as no answer.
    pagerduty.before = (_, response) => {
      response.writeHead(200).write('{');
      return true;
    };
    expect((await refused(api({ limits: { callMs: 30 } }))).message).toContain('does not answer in time');
    pagerduty.answers(200, ' '.repeat(5_000));
    expect((await refused(api({ limits: { bodyBytes: 4_000 } }))).message).toContain('more than 4000 bytes');
  });

  it('never sends the key to another host', async () => {
    const heard: string[] = [];
    const elsewhere = createServer((request, response) => {
      heard.push(String(request.headers.authorization));
      response.end('{}');
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    const { port } = elsewhere.address() as AddressInfo;
    for (const status of [301, 302, 307, 308]) {
      pagerduty.answers(status, '', { location: `http://localhost:${port}/oncalls` });
      expect((await refused()).message).toContain('redirects elsewhere');
    }
    elsewhere.close();
    expect(heard).toEqual([]);
  });

  it.each([
    ['no JSON', 'pardon?'],
    ['another document', '{"schedules":[]}'],
    ['no word on more', '{"oncalls":[],"limit":100}'],
    ['no end', entryText({ start: null })],
    ['an end that is no time', entryText({ start: null, end: 'tomorrow' })],
    ['another schedule', entryText({ start: null, end: null, schedule: { id: 'POTHER' } })],
    ['no schedule', entryText({ start: null, end: null, schedule: null })],
  ])('rejects an answer with %s', async (_, body) => {
    pagerduty.answers(200, body);
    expect(await refused()).toMatchObject({ refused: false });
  });

  it('shows the key in no error, even if a server repeats it', async () => {
    const told: string[] = [];
    for (const status of [302, 400, 401, 403, 404, 418, 429, 500]) {
      pagerduty.answers(status, JSON.stringify({ error: { message: `Token token=${KEY} is bad`, code: 1 } }));
      told.push((await refused()).message);
    }
    pagerduty.answers(200, `{"oncalls":"${KEY}"}`);
    told.push((await refused()).message);
    pagerduty.puts(SCHEDULE, { ...SAM, name: `Sam ${KEY}\n\n<!channel>` }, NINE);
    pagerduty.works();
    told.push(JSON.stringify(await api().onCallAt(SCHEDULE, AT)));
    const closed = api();
    await pagerduty.close();
    told.push((await refused(closed)).message);
    expect(told.join('\n')).not.toContain(KEY);
    expect(told.at(-1)).toContain("can't be reached (ECONNREFUSED)");
    expect(told.at(-2)).toContain('Sam [redacted] <!channel>');
    pagerduty = await FakePagerDuty.start();
  });
});

function entryText(change: object): string {
  const entry = { user: { id: 'PSAM1', summary: 'Sam' }, schedule: { id: 'PABC123' }, ...change };
  return JSON.stringify({ oncalls: [entry], limit: 100, offset: 0, more: false, total: null });
}
