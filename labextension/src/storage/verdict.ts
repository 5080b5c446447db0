import type { TranslationBundle } from '@jupyterlab/translation';
import type { IStorage } from '../api';

/** How safe a store is, as a person sees it. */
export type Verdict = 'safe' | 'unsafe' | 'unknown';

/** What a volume's durability means. */
export function verdictOf(durability: string): Verdict {
  switch (durability) {
    case 'persistent':
      return 'safe';
    case 'session':
    case 'ephemeral':
      return 'unsafe';
    default:
      return 'unknown';
  }
}

/** The verdict in words. */
export function verdictLabel(
  verdict: Verdict,
  trans: TranslationBundle
): string {
  switch (verdict) {
    case 'safe':
      return trans.__('Training checkpoints: safe');
    case 'unsafe':
      return trans.__('Training checkpoints: not safe');
    default:
      return trans.__('Training checkpoints: safety unknown');
  }
}

/** JupyterLab cuts what is longer. */
const LONGEST = 140;

/** What there is to warn of, once; null when all is well. */
export interface IWarning {
  /** The same for the same store, durability and folder. */
  key: string;
  text: string;
}

/**
 * The warning of a storage report.
 *
 * @param lifetime - What a durability means, in a sentence.
 */
export function warningOf(
  storage: IStorage,
  trans: TranslationBundle,
  lifetime: (durability: string, trans: TranslationBundle) => string
): IWarning | null {
  const { store, notice } = storage;
  const key = [store.id, store.durability, notice?.folder ?? ''].join(' ');
  if (!store.safe && store.durability !== 'persistent') {
    const say = (why: string) =>
      verdictOf(store.durability) === 'unsafe'
        ? trans.__('Training checkpoints are not safe here: %1', why)
        : trans.__('Training checkpoints may not last here: %1', why);
    const text = say(store.reason);
    const meaning = lifetime(store.durability, trans);
    const isGood = store.reason !== '' && text.length <= LONGEST;
    return { key, text: isGood ? text : say(meaning) };
  }
  if (notice) {
    const text = trans.__(
      'Training checkpoints are safe, but the notebook’s own folder is not: %1',
      lifetime(notice.durability, trans)
    );
    return { key, text };
  }
  return null;
}
