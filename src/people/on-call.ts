/** Who is on call now, from m0.yaml, Slack user groups and PagerDuty. */
import { assertNever } from '../base/assert-never.ts';
import { errorText } from '../base/error-text.ts';
import type { Clock, Directory } from '../model/directory.ts';
import type { Rota, ScheduleOnCall } from '../model/rota.ts';
import { groupName, type OnCallNow } from './permissions.ts';
import { nobodyOnCall, pagerdutyNow, type RotaNow, rotationNow, usergroupNow } from './rota-now.ts';

/** User ids of the members of a user group. */
export type UsergroupMembers = (id: string) => Promise<readonly string[]>;

/**
 * Who is on call now, per rota of m0.yaml, and who is in each group that a Slack user group fills (as
 * `group:NAME`). No method rejects, and all methods resolve rotas the same way.
 */
export interface OnCall {
  (): Promise<OnCallNow>;
  /** The same, with end times and problems. */
  rotasNow(): Promise<Readonly<Record<string, RotaNow>>>;
  /** The problems only, per rota, for `/readyz`. It asks the services, like the other methods. */
  problems(): Promise<readonly { readonly part: string; readonly problem: string }[]>;
}

const noPagerDuty: ScheduleOnCall = async () => {
  throw new Error('PagerDuty is not set up: set PAGERDUTY_TOKEN');
};

/**
 * Creates the resolver. A rota that can't be resolved has nobody on call, and nobody may approve in its place.
 * `onProblem` is called once when a rota gets a problem, and with null when the problem is over.
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

  function reportProblem(name: string, { problem }: RotaNow): void {
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
        const now = await resolve(rota).catch((error: unknown) => nobodyOnCall(errorText(error)));
        reportProblem(name, now);
        return [name, now] as const;
      }),
    );
    const names = new Set(entries.map(([name]) => name));
    for (const [name, problem] of reported) {
      // It left m0.yaml, and its problem with it.
      if (names.has(name)) continue;
      reported.delete(name);
      if (problem !== null) onProblem(name, null);
    }
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
