import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { CheckpointsApi, IRow, IRun } from '../../api';
import {
  CheckpointsModel,
  CurrentNotebook,
  Memory,
  TimeWords
} from '../../model';
import { IRootProps } from '../root';

/** Text that would run if it were taken for HTML. */
export const HOSTILE = '<img src=x onerror="window.hurt=1">';

/** A row with some fields of its own. */
export function row(more: Partial<IRow> = {}): IRow {
  const name = more.name ?? 'epoch-0001';
  const run = more.run ?? 'run';
  return {
    ref: `${run}/${name}`,
    run,
    store: 's',
    name,
    epoch: 1,
    step: 120,
    next_epoch: 2,
    mid_epoch: false,
    time: '2026-11-24T12:00:00Z',
    size: 44_400,
    metrics: { loss: 0.5 },
    tags: [],
    note: '',
    pinned: false,
    verified: null,
    verified_at: null,
    reason: 'manual',
    own: true,
    best: false,
    durability: 'persistent',
    path: `/data/${run}/${name}.pt`,
    ...more
  };
}

/** A run with some fields of its own. */
export function run(more: Partial<IRun> = {}): IRun {
  return {
    id: 'run',
    store: 's',
    created: '2026-11-24T11:00:00Z',
    last: '2026-11-24T12:00:00Z',
    checkpoints: 1,
    size: 44_400,
    origin: {},
    notebook: null,
    mine: false,
    parent: null,
    hyperparameters: {},
    best: { loss: { value: 0.5, mode: 'min', name: 'epoch-0001' } },
    metrics: ['loss'],
    metric: 'loss',
    latest: null,
    ...more
  };
}

/** Answers by the beginning of a path below `jupyter-ckpt/`; what is missing is not found. */
export type Answers = Record<string, unknown>;

/** The panel over a server that gives these answers. */
export function panelOver(answers: Answers): IRootProps & { asked: string[] } {
  const asked: string[] = [];
  const fetch = async (input: RequestInfo | URL): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : String(input));
    const path = url.pathname.split('/jupyter-ckpt/')[1];
    asked.push(path + url.search);
    const key = Object.keys(answers).find(one => path === one);
    return key === undefined
      ? new Response('<html>404</html>', { status: 404 })
      : new Response(JSON.stringify(answers[key]), { status: 200 });
  };
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://localhost/',
    fetch
  });
  const trans = nullTranslator.load('jupyter_ckpt');
  const model = new CheckpointsModel({
    api: new CheckpointsApi(settings, trans),
    notebook: new CurrentNotebook(null, null),
    memory: new Memory(null)
  });
  model.visible = true;
  return {
    model,
    asked,
    commands: new CommandRegistry(),
    trans,
    words: new TimeWords('en'),
    onLeave: () => undefined,
    onReturn: () => undefined
  };
}
