/** A seeded generator, so that a failing case can be run again. */
export interface Random {
  /** A whole number from 0 to `below - 1`. */
  int(below: number): number;
  pick<T>(from: readonly T[]): T;
  chance(of: number): boolean;
}

/** mulberry32. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const int = (below: number): number => Math.floor(next() * below);
  return {
    int,
    pick: <T>(from: readonly T[]): T => {
      if (from.length === 0) throw new Error('nothing to pick from');
      return from[int(from.length)] as T;
    },
    chance: (of) => next() < of,
  };
}
