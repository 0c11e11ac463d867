/** Computes once what holds of an object for as long as that exists: a list of rules, the files of a context, a report. */
export const oncePerObject = <Key extends object, Fact extends object>(
  compute: (key: Key) => Fact,
): ((key: Key) => Fact) => {
  const known = new WeakMap<Key, Fact>();
  return (key) => {
    const found = known.get(key) ?? compute(key);
    known.set(key, found);
    return found;
  };
};
