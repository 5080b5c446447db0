import { describe, expect, it } from 'vitest';
import { ApiError } from '../../api/errors';
import { Asked } from '../asked';

/** An answer that comes when it is told to. */
function later<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

describe('Asked', () => {
  it('drops a late reply to what nobody asks any more', async () => {
    let drawn = 0;
    const asked = new Asked<string>(() => (drawn += 1));
    const first = later<string>();
    const raised: AbortSignal[] = [];
    const one = asked.ask('run a', signal => {
      raised.push(signal);
      return first.promise;
    });
    const two = asked.ask('run b', async () => 'of b');
    first.resolve('of a');
    await Promise.all([one, two]);
    expect(asked.value).toBe('of b');
    expect(raised[0].aborted).toBe(true);
    expect(drawn).toBe(1);
  });

  it('keeps the old answer meanwhile, and asks once more when asked often', async () => {
    const asked = new Asked<number>(() => undefined);
    await asked.ask('a', async () => 1);
    const slow = later<number>();
    let questions = 0;
    const running = asked.ask('a', () => {
      questions += 1;
      return slow.promise;
    });
    for (let i = 0; i < 5; i++) {
      void asked.ask('a', async () => {
        questions += 1;
        return 3;
      });
    }
    expect(asked.value).toBe(1);
    slow.resolve(2);
    await running;
    expect(asked.value).toBe(3);
    expect(questions).toBe(2);
  });

  it('keeps what it has when a question fails, and says why', async () => {
    const asked = new Asked<number>(() => undefined);
    await asked.ask('a', async () => 1);
    await asked.ask('a', async () => {
      throw new ApiError('gone', 'store', 500);
    });
    expect(asked.value).toBe(1);
    expect(asked.error?.kind).toBe('store');
    await asked.ask('a', async () => 2);
    expect(asked.error).toBeNull();
  });
});
