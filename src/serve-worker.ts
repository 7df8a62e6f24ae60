/** Starts a worker beside the m0 that owns the database: it plans and applies stacks, and has no chat and no port. */
import { whyNotShared } from './artifacts/shared-place.ts';
import { errorText } from './base/error-text.ts';
import { asksAthena } from './cause/athena.ts';
import { asksCloudTrail } from './cause/cloudtrail.ts';
import type { WorkerLabels } from './cli/worker-labels.ts';
import { ConfigError } from './config/config-error.ts';
import { knownFingerprintKey } from './fingerprint-key.ts';
import { followOwner } from './follow-owner.ts';
import { removeUnwatchedFolders } from './follow-stacks.ts';
import { type Beside, type BesideOptions, joinOwner } from './join-owner.ts';
import type { Stack } from './model/directory.ts';
import { labelOf } from './model/worker-label.ts';
import { peopleToAsk } from './people/asking.ts';
import { emailIn } from './people/email.ts';
import { keptUsergroup } from './people/kept-usergroups.ts';
import { createOnCall } from './people/on-call.ts';
import { openPagerDuty } from './people/pagerduty/pagerduty.ts';
import { createPolicies } from './policy/policies.ts';
import { withPolicyMetrics } from './runs/meter.ts';
import { watchedRunner } from './runs/watched-runner.ts';
import { reportingMeter } from './runs/work-reports.ts';
import { createWorkerBeside } from './runs/worker.ts';
import { openStackRunner } from './stack-runner.ts';

export interface ServeWorkerOptions extends BesideOptions, WorkerLabels {}

/** Starts it. Rejects with a ConfigError where something must be set differently, and if a part can't start. */
export function serveWorker(options: ServeWorkerOptions): Promise<Beside> {
  const { labels, limits, reader, environment, tools, base, log } = options;
  const clock = Date.now;
  return joinOwner(options, labels, async ({ store, shared, closers }) => {
    const problem = await whyNotShared(store, {
      location: environment.artifacts,
      keys: environment.artifactKeys,
    });
    if (problem !== null) throw new ConfigError([problem]);
    const key = await knownFingerprintKey(store);
    const owner = await followOwner(reader, store, environment.variables);
    const { live } = owner;
    const whatLacks = (stack: Stack): string | null => {
      const missing = owner.missing(stack);
      return missing.length === 0
        ? null
        : `m0.yaml: takes values for stack ${stack.name} from variables that are not set for this worker: set ${missing.join(', ')}`;
    };
    const { directory } = live;
    // Later it waits where m0.yaml differs for a while; at a start nobody would notice that it does nothing.
    const differs = await owner.follow();
    if (differs !== null) throw new ConfigError([differs]);
    const own = directory.stacks.filter((stack) => labels.includes(labelOf(stack)));
    const lacking = own.flatMap((stack) => whatLacks(stack) ?? []);
    if (lacking.length > 0) throw new ConfigError(lacking);
    const { mirrors, runner } = await openStackRunner({
      ...{ environment, tools, base, key, clock, log },
      toolProcesses: store.toolProcesses,
      credentials: () => owner.config().credentials,
    });
    const unsubscribe = removeUnwatchedFolders(live, runner, log);
    closers.push(async () => unsubscribe());
    const policies = createPolicies({
      ...{ dataDir: environment.dataDir, opa: tools.opa, mirrors, log, clock },
      emailOf: emailIn(directory),
    });
    closers.push(async () => policies.close());
    const onCall = createOnCall(
      directory,
      keptUsergroup(store, clock),
      clock,
      (rotation, why) => {
        if (why !== null) log.warn({ rotation, problem: why }, 'an on-call rotation has a problem');
      },
      openPagerDuty(environment.pagerduty, directory.oncall, clock),
    );
    const meter = reportingMeter(shared);
    const watched = watchedRunner(runner, clock, (stack, working) =>
      shared.report({ type: 'working', stack, working }),
    );
    const worker = createWorkerBeside({
      ...{ store, shared, labels, limits, directory, clock, log, meter, runner: watched.runner },
      policies: withPolicyMetrics(policies, meter, clock),
      onCall: () => onCall(),
      peopleToAsk: async (stack) => peopleToAsk(stack, await onCall.rotasNow()),
      // The owner asks the logs.
      asksCauses: (stack) => asksCloudTrail(stack) || asksAthena(stack),
      concurrency: environment.concurrency,
      onChange: () => {},
      async prepare(name) {
        try {
          const why = await owner.follow();
          if (why !== null) return why;
        } catch (error) {
          return errorText(error);
        }
        const stack = directory.stacks.find((one) => one.name === name);
        return stack === undefined ? null : whatLacks(stack);
      },
    });
    closers.push(() => worker.drain());
    worker.start();
    log.info({ labels, stacks: directory.stacks.length }, 'the worker is at work');
    return {};
  });
}
