/** The "cloud console" strip of the sandbox page: things a hurried person really does to a cloud or its code. */
export interface CloudConsole {
  readonly actions: readonly ConsoleAction[];
  /** Does it for real and answers with one sentence of what was done. Rejects with what was being done. */
  run(id: string): Promise<string>;
  /** What the cloud really looks like now, read from it. */
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
  /** False where it differs from what the sandbox put there at first. */
  readonly asBuilt: boolean;
}
