/** Remembers the rotas that nobody could be named for when they were last asked. */
import type { OnCallNow } from './rights.ts';

export interface RotaTrouble {
  readonly rota: string;
  readonly problem: string;
}

export interface RotaWatch {
  /** For `createOnCall`. */
  readonly onProblem: (rota: string, error: unknown) => void;
  /** The same question, whose answers are remembered. */
  watch(onCall: () => Promise<OnCallNow>): () => Promise<OnCallNow>;
  troubles(): readonly RotaTrouble[];
}

export function createRotaWatch(onProblem: (rota: string, error: unknown) => void): RotaWatch {
  const errors = new Map<string, string>();
  let nobody: readonly string[] = [];

  return {
    onProblem(rota, error) {
      errors.set(rota, error instanceof Error ? error.message : String(error));
      onProblem(rota, error);
    },
    watch: (onCall) => async () => {
      const now = await onCall();
      nobody = Object.keys(now).filter((rota) => now[rota]?.length === 0);
      for (const rota of Object.keys(now)) if (!nobody.includes(rota)) errors.delete(rota);
      return now;
    },
    troubles: () =>
      nobody.map((rota) => ({
        rota,
        problem: errors.get(rota) ?? 'nobody of m0.yaml is in it',
      })),
  };
}
