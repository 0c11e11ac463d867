/** A queue of one: each piece of work begins when the one before has ended, however that ended. */
export const inLane = (): (<T>(work: () => Promise<T>) => Promise<T>) => {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };
};

/** Works on all items in their order, `width` at a time; results in the order of the items. */
export const inPool = async <Item, Result>(
  items: readonly Item[],
  width: number,
  work: (item: Item, index: number) => Promise<Result>,
): Promise<readonly Result[]> => {
  const results = new Array<Result>(items.length);
  const waiting = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of waiting) results[index] = await work(item, index);
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(width, items.length)) }, worker));
  return results;
};

/**
 * The order in which items begin: the first of each group, then the second of each. Targets of one Dockerfile share
 * steps, so that one of them would only wait for what another does.
 */
export const inTurns = <Item>(items: readonly Item[], groupOf: (item: Item) => string): readonly Item[] => {
  const groups = [...Map.groupBy(items, groupOf).values()];
  const longest = Math.max(0, ...groups.map(({ length }) => length));
  return Array.from({ length: longest }, (_, turn) => groups.flatMap((group) => group.slice(turn, turn + 1))).flat();
};
