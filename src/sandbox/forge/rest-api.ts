/** The part of GitHub's REST API that m0 uses, with GitHub's names, statuses and messages. */
import { Hono } from 'hono';
import { z } from 'zod';
import { sameText } from './git-http.ts';
import { type Member, type Pull, type Pulls, Refused } from './pulls.ts';

export interface RestOptions {
  readonly pulls: Pulls;
  readonly token: string;
  /** Login of the token's owner. */
  readonly login: string;
  readonly members: readonly Member[];
  /** Address of the repository's page. */
  readonly page: () => string;
  readonly now: () => number;
}

const text = z.object({ title: z.string().min(1).max(256), body: z.string().max(65_536).default('') });
const created = text.extend({ head: z.string(), base: z.string() });
const changed = text.partial().extend({ state: z.enum(['open', 'closed']).optional() });
const comment = z.object({ body: z.string().min(1) });
const reviewers = z.object({ reviewers: z.array(z.string()) });

function user(login: string | null): { readonly login: string } | null {
  return login === null ? null : { login };
}

/** Mounted where the repository is: `/api/v3/repos/OWNER/NAME`. */
export function restApi(options: RestOptions): Hono {
  const { pulls, token, login, members } = options;
  const app = new Hono();

  const shown = (pull: Pull): object => ({
    number: pull.number,
    html_url: `${options.page()}/pull/${pull.number}`,
    ...{ title: pull.title, body: pull.body, user: user(login), draft: false },
    state: pull.state === 'open' ? 'open' : 'closed',
    merged: pull.state === 'merged',
    merged_by: user(pull.state === 'merged' ? pull.endedBy : null),
    merged_at: pull.state === 'merged' && pull.endedAt !== null ? new Date(pull.endedAt).toISOString() : null,
    merge_commit_sha: pull.mergeCommit,
    head: { ref: pull.head, sha: pull.headSha },
    base: { ref: pull.base, sha: pull.baseSha },
    requested_reviewers: pull.reviewers.map(user),
    created_at: new Date(pull.createdAt).toISOString(),
  });
  const number = (written: string): number => (/^\d{1,9}$/.test(written) ? Number(written) : -1);
  async function read<T>(schema: z.ZodType<T>, body: Promise<unknown>): Promise<T> {
    const parsed = schema.safeParse(await body.catch(() => null));
    if (parsed.success) return parsed.data;
    throw new Refused(422, `Validation Failed: ${z.prettifyError(parsed.error)}`);
  }

  app.use(async (context, next) => {
    const [scheme = '', value = ''] = (context.req.header('authorization') ?? '').split(' ');
    if (!/^(token|bearer)$/i.test(scheme) || !sameText(value, token)) {
      return context.json({ message: 'Bad credentials' }, 401);
    }
    await next();
    return undefined;
  });
  app.get('/pulls', async (context) => {
    const { head, base, state = 'open' } = context.req.query();
    const branch = head?.slice(head.indexOf(':') + 1);
    const found = (await pulls.list()).filter(
      (pull) =>
        (state === 'all' || (pull.state === 'open') === (state === 'open')) &&
        (branch === undefined || pull.head === branch) &&
        (base === undefined || pull.base === base),
    );
    return context.json(found.map(shown));
  });
  app.post('/pulls', async (context) =>
    context.json(shown(await pulls.open(await read(created, context.req.json()))), 201),
  );
  app.get('/pulls/:number', async (context) =>
    context.json(shown(await pulls.get(number(context.req.param('number'))))),
  );
  app.patch('/pulls/:number', async (context) => {
    const at = number(context.req.param('number'));
    const { state, title, body } = await read(changed, context.req.json());
    const pull = await pulls.change(at, (before) => ({
      title: title ?? before.title,
      body: body ?? before.body,
    }));
    return context.json(shown(state === 'closed' ? await pulls.close(at, login) : pull));
  });
  app.get('/pulls/:number/reviews', async (context) => {
    await pulls.get(number(context.req.param('number')));
    return context.json([]);
  });
  app.post('/pulls/:number/requested_reviewers', async (context) => {
    const asked = (await read(reviewers, context.req.json())).reviewers;
    if (!asked.every((each) => members.some((member) => member.login === each))) {
      throw new Refused(
        422,
        'Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the acme/infra repository.',
      );
    }
    const pull = await pulls.change(number(context.req.param('number')), (before) => ({
      reviewers: [...new Set([...before.reviewers, ...asked])],
    }));
    return context.json(shown(pull), 201);
  });
  app.get('/issues/:number', async (context) => {
    const pull = await pulls.get(number(context.req.param('number')));
    return context.json({
      ...{ number: pull.number, title: pull.title, state: pull.state === 'open' ? 'open' : 'closed' },
      closed_by: user(pull.endedBy),
    });
  });
  app.post('/issues/:number/comments', async (context) => {
    const { body } = await read(comment, context.req.json());
    const said = { by: login, at: options.now(), body };
    await pulls.change(number(context.req.param('number')), ({ comments }) => ({
      comments: [...comments, said],
    }));
    return context.json({ body, user: user(login) }, 201);
  });
  app.notFound((context) => context.json({ message: 'Not Found' }, 404));
  app.onError((error, context) => {
    if (error instanceof Refused) return context.json({ message: error.message }, error.status);
    return context.json({ message: error.message }, 500);
  });
  return app;
}
