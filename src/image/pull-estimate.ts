/** Guesses what a layer would weigh compressed, from samples: compressing all of it takes longer than all the rest. */
export interface PullEstimate {
  readonly push: (bytes: Uint8Array) => void;
  readonly bytes: () => number;
}

/** @param deflatedLength how long some bytes are once compressed as registries do */
export const pullEstimate = (deflatedLength: (bytes: Uint8Array) => number): PullEstimate => {
  const sample = new Uint8Array(SAMPLE);
  let filled = 0;
  let seen = 0;
  let sampled = 0;
  let deflated = 0;

  const take = (): void => {
    if (filled === 0) return;
    sampled += filled;
    deflated += deflatedLength(sample.subarray(0, filled));
    filled = 0;
  };

  return {
    push: (bytes) => {
      for (let from = 0; from < bytes.length; ) {
        const within = seen % PERIOD;
        const isSampled = within < SAMPLE;
        const length = Math.min(bytes.length - from, isSampled ? SAMPLE - within : PERIOD - within);
        if (isSampled) {
          sample.set(bytes.subarray(from, from + length), filled);
          filled += length;
          if (filled === SAMPLE) take();
        }
        seen += length;
        from += length;
      }
    },
    bytes: () => {
      take();
      return sampled === 0 ? 0 : Math.round((deflated / sampled) * seen);
    },
  };
};

const SAMPLE = 64 * 1024;
/** One sixteenth is looked at; what is shorter than a sample is looked at whole. */
const PERIOD = 16 * SAMPLE;
