/** The "cloud console" on the sandbox page: what a person in a hurry does to a cloud or its code. */
export interface CloudConsole {
  readonly actions: readonly ConsoleAction[];
  /**
   * Performs the action and returns one sentence that says what was done. Rejects with what was attempted.
   */
  run(id: string): Promise<string>;
  /** The current state of the cloud, read from it. */
  facts(): Promise<readonly CloudFact[]>;
}

export interface ConsoleAction {
  readonly id: string;
  readonly label: string;
  readonly explain: string;
}

export interface CloudFact {
  readonly label: string;
  readonly value: string;
  /** False where it differs from what the sandbox created. */
  readonly asBuilt: boolean;
}
