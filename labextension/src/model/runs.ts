import { CheckpointsApi, IRuns } from '../api';

const AT_ONCE = 200;
const MOST = 2000;

/** All runs of a store, those of the notebook first; of very many the first ones. */
export async function fetchRuns(
  api: CheckpointsApi,
  store: string | undefined,
  notebook: string | null,
  signal: AbortSignal
): Promise<IRuns> {
  const query = { store, notebook: notebook ?? undefined, limit: AT_ONCE };
  const all = await api.runs({ ...query, offset: 0 }, { signal });
  while (all.runs.length < Math.min(all.total, MOST)) {
    const offset = all.runs.length;
    const more = await api.runs({ ...query, offset }, { signal });
    if (!more.runs.length) {
      break;
    }
    all.runs.push(...more.runs);
  }
  return all;
}
