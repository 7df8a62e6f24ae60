/** Serves the sandbox's chat page. */
import { type Context, Hono, type Next } from 'hono';
import { streamSSE } from 'hono/streaming';
import { z } from 'zod';
import { errorText } from '../base/error-text.ts';
import type { CloudConsole } from './console.ts';
import { perform } from './page/acting.ts';
import { bundlePage } from './page/bundle.ts';
import { FactsWatch } from './page/facts-watch.ts';
import type { ActAnswer, PageStatus } from './page/protocol.ts';
import { snapshot } from './page/snapshot.ts';
import type { TeamsPane } from './page/teams-pane.ts';
import { isLoopbackHost } from './workspace/loopback.ts';
import type { Workspace } from './workspace/workspace.ts';

export interface PageOptions {
  /** The workspace whose address the page uses. */
  readonly workspace: Workspace;
  /** Left out where only Slack is used. Bots reach its connector under `/teams` of the page's address. */
  readonly teams?: TeamsPane | null;
  readonly console: CloudConsole;
  /** Address of the Git host's pages; left out where there is none. */
  readonly gitHost?: string;
  /** Progress of the set-up. The console's buttons are disabled until it is ready. */
  readonly status: () => PageStatus;
  /** Calls `listener` after each change of the status, until the returned function is called. */
  readonly onStatus: (listener: (status: PageStatus) => void) => () => void;
}

export interface Page {
  readonly url: string;
  close(): Promise<void>;
}

/** Path of the local Teams' Bot Connector on the page's address. */
export const TEAMS_PATH = '/teams';

/** Changes within this time are sent to the page together. */
const DEBOUNCE_MS = 30;

const formValue = z.union([z.string(), z.array(z.string()), z.number(), z.null()]);
const formValues = z.record(z.string(), formValue);
const as = z.string();
const actSchema = z.discriminatedUnion('act', [
  z.strictObject({
    as,
    act: z.literal('say'),
    channel: z.string(),
    text: z.string().min(1).max(12_000),
    thread: z.string().nullable(),
  }),
  z.strictObject({
    as,
    act: z.literal('click'),
    channel: z.string().nullable(),
    where: z.string(),
    blockId: z.string(),
    actionId: z.string(),
    value: formValue,
    values: formValues,
  }),
  z.strictObject({ as, act: z.literal('submit'), view: z.string(), values: formValues }),
  z.strictObject({ as, act: z.literal('home') }),
  z.strictObject({ as, act: z.literal('close'), view: z.string() }),
  z.strictObject({ as, act: z.literal('dismiss'), channel: z.string(), ts: z.string() }),
  z.strictObject({
    as,
    act: z.literal('teams-say'),
    conversation: z.string(),
    text: z.string().min(1).max(12_000),
    thread: z.string().nullable(),
  }),
  z.strictObject({
    as,
    act: z.literal('teams-click'),
    message: z.string(),
    verb: z.string(),
    title: z.string(),
    data: z.record(z.string(), z.unknown()),
  }),
  z.strictObject({ as, act: z.literal('teams-file'), message: z.string(), take: z.boolean() }),
]);
const consoleSchema = z.strictObject({ id: z.string() });

/** Serves the chat page and the cloud console at the workspace's address, for this machine only. */
export async function startPage(options: PageOptions): Promise<Page> {
  const { workspace, teams = null } = options;
  const bundle = await bundlePage();
  const listeners = new Set<() => void>();
  const notify = () => {
    for (const listener of [...listeners]) listener();
  };
  const facts = new FactsWatch(options.console, notify);
  const app = new Hono();
  if (teams !== null) app.all(`${TEAMS_PATH}/*`, (context) => teams.local.handle(context.req.raw));
  app.use(guard);
  app.get('/', (context) => context.html(bundle.html));
  // The address of a message, as the workspace tells it. The page shows the newest messages of the channel at once.
  app.get('/archives/:channel/:message', (context) => context.redirect('/'));
  app.get('/app.js', (context) => context.body(bundle.script, 200, { 'content-type': 'text/javascript' }));
  app.get('/app.css', (context) => context.body(bundle.style, 200, { 'content-type': 'text/css' }));
  app.get('/page/files/:id', (context) => {
    const file = workspace.file(context.req.param('id'));
    if (!file) return context.text('no such file', 404);
    // Plain text, so that nothing in a file runs as part of the page. A picture that m0 drew is a PNG.
    const isPng = Buffer.from(file.bytes).subarray(0, 8).toString('latin1') === '\x89PNG\r\n\x1a\n';
    const type = isPng ? 'image/png' : 'text/plain; charset=utf-8';
    return context.body(new Uint8Array(file.bytes), 200, { 'content-type': type });
  });
  app.get('/page/live', (context) => {
    const people = workspace.users.filter((user) => user.id !== workspace.botUserId);
    const person = people.find((user) => user.id === context.req.query('as')) ?? people[0];
    if (!person) return context.text('nobody to be', 404);
    return live(context, listeners, facts, () =>
      JSON.stringify(
        snapshot(workspace, person.id, {
          teams: teams?.snapshot(person.id) ?? null,
          status: options.status(),
          actions: options.console.actions,
          facts: facts.facts,
          gitHost: options.gitHost ?? null,
        }),
      ),
    );
  });
  app.post('/page/act', async (context) => {
    const act = actSchema.safeParse(await context.req.json().catch(() => null));
    if (!act.success) return context.json(problem(z.prettifyError(act.error)), 400);
    return context.json(await perform(workspace, teams, act.data).catch(problem));
  });
  app.post('/page/console', async (context) => {
    const asked = consoleSchema.safeParse(await context.req.json().catch(() => null));
    if (!asked.success) return context.json(problem(z.prettifyError(asked.error)), 400);
    if (!options.status().ready) return context.json(problem('The cloud is not up yet.'));
    const answer = await options.console.run(asked.data.id).then((done) => ({ ok: true, done }), problem);
    await facts.read();
    return context.json(answer);
  });
  app.onError((error, context) => context.json(problem(error), 500));

  const unsubscribes = [
    workspace.onChange(notify),
    ...(teams === null ? [] : [teams.local.organisation.onChange(notify)]),
    options.onStatus(notify),
    workspace.mount((request) => app.fetch(request)),
  ];
  return {
    url: workspace.url,
    async close() {
      for (const one of unsubscribes) one();
    },
  };
}

/**
 * Accepts only requests of the page itself: a page of another site cannot fake the Host and Origin headers,
 * or send JSON.
 */
async function guard(context: Context, next: Next): Promise<Response | undefined> {
  const host = context.req.header('host');
  if (!isLoopbackHost(host)) return context.text('only for this machine', 403);
  if (context.req.method !== 'GET') {
    if (context.req.header('origin') !== `http://${host}`) return context.text('only for its own page', 403);
    const isJson = context.req.header('content-type')?.split(';')[0] === 'application/json';
    if (!isJson) return context.text('application/json only', 415);
  }
  await next();
  context.header('cache-control', 'no-store');
  context.header('x-content-type-options', 'nosniff');
  context.header('referrer-policy', 'no-referrer');
  context.header(
    'content-security-policy',
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  );
  return undefined;
}

/** Sends what a person sees, now and after each change, until the connection ends. */
function live(
  context: Context,
  listeners: Set<() => void>,
  facts: FactsWatch,
  current: () => string,
): Response {
  return streamSSE(context, async (stream) => {
    let wake: () => void = () => {};
    let changed = true;
    const listener = () => {
      changed = true;
      wake();
    };
    listeners.add(listener);
    const unwatch = facts.watch();
    stream.onAbort(() => {
      listeners.delete(listener);
      unwatch();
      wake();
    });
    while (!stream.aborted) {
      if (changed) {
        changed = false;
        await stream.writeSSE({ event: 'snapshot', data: current() });
        await stream.sleep(DEBOUNCE_MS);
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  });
}

function problem(error: unknown): ActAnswer {
  return { ok: false, problem: errorText(error) };
}
