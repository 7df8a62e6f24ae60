/** The rows of `m0 doctor` about PagerDuty. */
import { errorText } from '../base/error-text.ts';
import type { Environment } from '../config/environment.ts';
import type { Directory } from '../model/directory.ts';
import type { ScheduleOnCall } from '../model/rota.ts';
import { openPagerDuty } from '../people/pagerduty/pagerduty.ts';
import { pagerdutyNow } from '../people/rota-now.ts';
import type { Row } from '../setup/inspect.ts';
import { configOrNull } from './doctor-config.ts';

/** One row per rota of PagerDuty: whether PagerDuty answers, and whether m0 knows the people on call. */
export async function onCallRows(env: Environment): Promise<Row[]> {
  // The row about the configuration reports why it can't be read.
  const directory = (await configOrNull(env))?.config.directory;
  if (directory === undefined) return [];
  const schedules = Object.entries(directory.oncall).flatMap(([name, rota]) =>
    rota.kind === 'pagerduty' ? [{ name, schedule: rota.schedule }] : [],
  );
  let pagerduty: ScheduleOnCall | undefined;
  try {
    pagerduty = openPagerDuty(env.pagerduty, directory.oncall, Date.now);
  } catch (error) {
    const found = errorText(error);
    return [{ what: 'PagerDuty', state: 'missing', found, todo: 'set PAGERDUTY_TOKEN' }];
  }
  const ask = pagerduty;
  if (ask === undefined) return [];
  return Promise.all(schedules.map(({ name, schedule }) => rowOf(name, schedule, directory, ask)));
}

async function rowOf(
  name: string,
  schedule: string,
  directory: Directory,
  ask: ScheduleOnCall,
): Promise<Row> {
  const what = `PagerDuty, ${name}`;
  try {
    const { people, problem } = pagerdutyNow(schedule, await ask(schedule), directory);
    if (problem === null) return { what, state: 'ok', found: `on call now: ${people.join(', ')}` };
    const todo = 'see the schedule in PagerDuty, and people in m0.yaml (pagerduty, email)';
    return { what, state: 'warning', found: problem, todo };
  } catch (error) {
    const found = errorText(error);
    return { what, state: 'missing', found, todo: 'nobody is on call there until m0 can ask' };
  }
}
