import { assertNever } from '../base/assert-never.ts';
import { errorText } from '../base/error-text.ts';
import type { Clock, Directory } from '../model/directory.ts';
import type { Rota, ScheduleOnCall } from '../model/rota.ts';
import { groupName, type OnCallNow } from './rights.ts';
import { nobody, pagerdutyNow, type RotaNow, rotationNow, usergroupNow } from './rota-now.ts';

/** Platform user ids of a user group. */
export type UsergroupMembers = (id: string) => Promise<readonly string[]>;

/**
 * Who is on call now, for each rota of the configuration, and who is in each group that a Slack user group fills
 * (as `group:NAME`). Nothing of it rejects, and all of it agrees.
 */
export interface OnCall {
  (): Promise<OnCallNow>;
  /** The same with until when, and what is wrong. */
  rotasNow(): Promise<Readonly<Record<string, RotaNow>>>;
  /** Only what is wrong, by the rota's name, for `/readyz` and its like. Asks, as everything here does. */
  problems(): Promise<readonly { readonly part: string; readonly problem: string }[]>;
}

const noPagerDuty: ScheduleOnCall = async () => {
  throw new Error('PagerDuty is not set up: set PAGERDUTY_TOKEN');
};

/**
 * Resolves who is on call now. A rota that can't be resolved has nobody, which never means anybody; `onProblem` is
 * told why, once, and with null when that is over.
 */
export function createOnCall(
  directory: Directory,
  usergroup: UsergroupMembers,
  clock: Clock,
  onProblem: (rota: string, problem: string | null) => void,
  pagerduty: ScheduleOnCall = noPagerDuty,
): OnCall {
  const reported = new Map<string, string | null>();

  async function resolve(rota: Rota): Promise<RotaNow> {
    switch (rota.kind) {
      case 'rotation':
        return rotationNow(rota, directory, clock());
      case 'slackUsergroup':
        return usergroupNow(rota.id, await usergroup(rota.id), directory);
      case 'pagerduty':
        return pagerdutyNow(rota.schedule, await pagerduty(rota.schedule), directory);
      default:
        return assertNever(rota);
    }
  }

  function tell(name: string, { problem }: RotaNow): void {
    if ((reported.get(name) ?? null) === problem) return;
    reported.set(name, problem);
    onProblem(name, problem);
  }

  async function rotasNow(): Promise<Readonly<Record<string, RotaNow>>> {
    const groups = Object.entries(directory.usergroups ?? {}).map(([group, id]): [string, Rota] => [
      groupName(group),
      { kind: 'slackUsergroup', id },
    ]);
    const entries = await Promise.all(
      [...Object.entries(directory.oncall), ...groups].map(async ([name, rota]) => {
        const now = await resolve(rota).catch((error: unknown) => nobody(errorText(error)));
        tell(name, now);
        return [name, now] as const;
      }),
    );
    return Object.fromEntries(entries);
  }

  const onCall = async (): Promise<OnCallNow> => {
    const rotas = Object.entries(await rotasNow());
    return Object.fromEntries(rotas.map(([name, { people }]) => [name, people]));
  };
  return Object.assign(onCall, {
    rotasNow,
    problems: async () =>
      Object.entries(await rotasNow()).flatMap(([name, { problem }]) =>
        problem === null ? [] : [{ part: name in directory.oncall ? `oncall ${name}` : name, problem }],
      ),
  });
}
