/** A process that works on stacks beside the owner of the database. */
export interface WorkerProcess {
  readonly id: number;
  readonly host: string;
  readonly pid: number;
  /** NO_LABEL among them: it takes work without a label. */
  readonly labels: readonly string[];
  /** ms since epoch */
  readonly since: number;
  /** How long ago it gave the last sign of life, in ms. */
  readonly silentMs: number;
}
