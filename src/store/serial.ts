/** Runs one piece of work after the other, in the order in which they were asked for. */
export type Serial = <T>(work: () => Promise<T>) => Promise<T>;

/** A queue of its own. A piece of work that fails does not stop the next ones. */
export function serial(): Serial {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => {});
    return next;
  };
}
