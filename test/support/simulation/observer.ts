/** What must hold in each simulation: it is looked at while the processes run, beside their own reads and writes. */
import type { Run } from '../../../src/model/run.ts';
import type { Change } from '../../../src/ports/store.ts';
import { isAllowed, type PlanFile } from './cloud.ts';
import type { SharedDatabase } from './database.ts';
import type { Engine } from './engine.ts';

/** The names of what must hold. */
export type Invariant =
  | 'no apply twice for one decision'
  | 'nothing is applied that nobody decided'
  | 'an apply begins only while its run is stored as applying'
  | 'nothing is applied that is snoozed or accepted'
  | 'no decision is lost'
  | 'no alert is lost'
  | 'no alert is doubled'
  | 'one open drift alert a stack'
  | 'no plan file is left'
  | 'the audit chain is whole'
  | 'nothing is stuck';

export interface Violation {
  readonly invariant: Invariant;
  readonly detail: string;
}

/** How far a clock may be from the true time, and how long a process may take to store what it decides, in ms. */
const CLOCK_MARGIN_MS = 30_000;

interface StoredRun {
  readonly state: string;
  readonly version: number;
  readonly data: string;
}

export class Observer {
  readonly violations: Violation[] = [];
  readonly #engine: Engine;
  readonly #db: SharedDatabase;
  /** How many applies have begun for each run. */
  readonly #begun = new Map<number, number>();
  /** What the seed made happen, to know that it is worth something. */
  readonly counts = {
    steps: 0,
    applies: 0,
    commands: 0,
    acknowledged: 0,
    kills: 0,
    freezes: 0,
    takeovers: 0,
  };

  constructor(engine: Engine, db: SharedDatabase) {
    this.#engine = engine;
    this.#db = db;
  }

  report(invariant: Invariant, detail: string): void {
    this.#engine.note(`VIOLATION ${invariant}: ${detail}`);
    this.violations.push({ invariant, detail });
  }

  #stored(run: number): StoredRun | undefined {
    return this.#db.row<StoredRun>('SELECT state, version, data FROM runs WHERE id = ?', run);
  }

  /** Call it right before a commit; what it returns right after it was stored. */
  watchCommit(changes: readonly Change[]): () => void {
    const updates = changes.flatMap((change) => (change.type === 'run.update' ? [change] : []));
    const before = updates.map(({ run }) => this.#stored(run.id));
    return () => {
      updates.forEach(({ run, was }, i) => {
        this.counts.steps += 1;
        if (was.state === 'approved' && run.state === 'applying') this.#refuseExempt(run);
        const stored = before[i];
        if (stored?.version === was.version && stored.state === was.state) return;
        this.report(
          'no decision is lost',
          `run #${run.id}: a step from ${was.state} ${was.version} was stored over ${stored?.state} ${stored?.version}`,
        );
      });
    };
  }

  /** What somebody keeps as it is must not be in what an apply changes, at the moment when it is decided. */
  #refuseExempt({ id, stack, scope }: Run): void {
    const exemptions = this.#db.rows<{ fingerprint: string | null; until: number | null }>(
      'SELECT fingerprint, until FROM exemptions WHERE stack = ? AND ended_at IS NULL',
      stack,
    );
    const live = exemptions.filter(
      ({ until }) => until === null || until > this.#engine.now + CLOCK_MARGIN_MS,
    );
    for (const { address, fingerprint } of scope) {
      if (!live.some((one) => one.fingerprint === null || one.fingerprint === fingerprint)) continue;
      this.report(
        'nothing is applied that is snoozed or accepted',
        `run #${id} of ${stack} applies ${address}, which is exempt`,
      );
    }
  }

  /** A process was admitted to begin an apply. */
  admitted(run: number, artifact: string, file: PlanFile | undefined): void {
    const stored = this.#stored(run);
    const data = JSON.parse(stored?.data ?? '{}') as Partial<Run>;
    if (stored?.state !== 'applying' || data.plan?.artifact !== artifact) {
      this.report(
        'an apply begins only while its run is stored as applying',
        `run #${run} is ${stored?.state}, and ${artifact} begins`,
      );
    }
    const approved = this.#db.rows<{ scope: string | null }>(
      "SELECT scope FROM audit WHERE run_id = ? AND action = 'approve'",
      run,
    );
    const byPeople = approved.flatMap(
      ({ scope }) =>
        JSON.parse(scope ?? '[]') as readonly { address: string; fingerprint: string; change?: string }[],
    );
    for (const { address, change } of file?.changes ?? []) {
      const inScope = (data.scope ?? []).some((s) => s.address === address && s.change === change);
      const isDecided =
        isAllowed(address) || byPeople.some((one) => one.address === address && one.change === change);
      if (inScope && isDecided) continue;
      this.report(
        'nothing is applied that nobody decided',
        `run #${run} applies ${change} (${inScope ? 'nobody approved it' : 'it is not in the scope'})`,
      );
    }
  }

  /** The tool begins to change the cloud. */
  begins(run: number): void {
    this.counts.applies += 1;
    const begun = (this.#begun.get(run) ?? 0) + 1;
    this.#begun.set(run, begun);
    const decided = this.#db.row<{ n: number }>(
      "SELECT count(*) AS n FROM audit WHERE run_id = ? AND action = 'confirmed'",
      run,
    );
    if (begun > (decided?.n ?? 0)) {
      this.report(
        'no apply twice for one decision',
        `run #${run}: ${begun} applies, ${decided?.n} confirmed`,
      );
    }
  }
}
