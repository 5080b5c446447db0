import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { folderIcon, ReactWidget } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { ApiError, IVolume } from '../api';
import { bytesText } from '../model';
import { lifetime } from '../panel/badges';
import { verdictText } from '../panel/storagestrip';
import { add, ICommandContext } from './context';
import { LinesBody } from './dialogs';
import { CommandIDs } from './ids';
import { schemaOf } from './targets';

/** The choice of the store. */
export function addStoring(context: ICommandContext): void {
  const { model, trans } = context;
  add(context, CommandIDs.chooseStore, {
    label: trans.__('Choose Where to Save…'),
    caption: trans.__(
      'See what each volume survives, and choose where training checkpoints are saved'
    ),
    icon: folderIcon,
    describedBy: schemaOf({
      path: {
        type: 'string',
        description: 'Folder on the server; without it a dialog asks'
      }
    }),
    isEnabled: () => model.notebook.path !== null,
    execute: async args => {
      const path =
        typeof args.path === 'string' ? args.path : await choose(context);
      if (path) {
        await choosePath(context, path);
      }
    }
  });
}

async function choose(context: ICommandContext): Promise<string | null> {
  const { model, trans } = context;
  const storage = await model.api.storage(model.notebook.path);
  const body = new VolumesBody(storage.volumes, storage.store.path, trans);
  const { button, value } = await showDialog<string>({
    title: trans.__('Where should this notebook save?'),
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Save There') })
    ]
  });
  return button.accept && value ? value : null;
}

async function choosePath(
  context: ICommandContext,
  path: string,
  force = false
): Promise<void> {
  const { model, trans } = context;
  try {
    const { store } = await model.api.useStorage(
      model.notebook.path,
      path,
      force
    );
    Notification.success(
      trans.__(
        'This notebook saves to %1 from the next run of its kernel on.',
        store.path
      ),
      { autoClose: 6000 }
    );
    model.refresh();
  } catch (error) {
    if (!(error instanceof ApiError) || error.kind !== 'refused' || force) {
      throw error;
    }
    const { button } = await showDialog({
      title: trans.__('Save there all the same?'),
      body: new LinesBody([error.message]),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.warnButton({ label: trans.__('Save There') })
      ]
    });
    if (button.accept) {
      await choosePath(context, path, true);
    }
  }
}

/** Volumes to choose from, the safest first. */
export class VolumesBody
  extends ReactWidget
  implements Dialog.IBodyWidget<string>
{
  /** `current` is where it saves now. */
  constructor(
    private readonly _volumes: IVolume[],
    current: string,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-ckpt-Dialog');
    this._value =
      _volumes.find(one => one.path === current)?.path ??
      _volumes.find(one => one.writable)?.path ??
      '';
  }

  /** The chosen folder. */
  getValue(): string {
    return this._value.trim();
  }

  protected render(): JSX.Element {
    return (
      <Volumes
        volumes={this._volumes}
        first={this._value}
        trans={this._trans}
        onChoose={path => {
          this._value = path;
        }}
      />
    );
  }

  private _value: string;
}

function Volumes(props: {
  volumes: IVolume[];
  first: string;
  trans: TranslationBundle;
  onChoose: (path: string) => void;
}): JSX.Element {
  const { trans } = props;
  const [path, setPath] = React.useState(props.first);
  const put = (next: string) => {
    setPath(next);
    props.onChoose(next);
  };
  return (
    <>
      <div
        className="jp-ckpt-Volumes"
        role="radiogroup"
        aria-label={trans.__('Volumes')}
      >
        {props.volumes.map(volume => (
          <label key={volume.path} className="jp-ckpt-Volume">
            <input
              type="radio"
              name="jp-ckpt-volume"
              checked={path === volume.path}
              disabled={!volume.writable}
              onChange={() => put(volume.path)}
            />
            <span className="jp-ckpt-Path">{volume.path}</span>
            <span
              className={`jp-ckpt-Volume-verdict jp-mod-${volume.durability}`}
            >
              {[
                verdictText(volume.durability, trans),
                volume.free === null
                  ? ''
                  : trans.__('%1 free', bytesText(volume.free)),
                volume.writable ? '' : trans.__('cannot be written to')
              ]
                .filter(Boolean)
                .join(' · ')}
            </span>
            <span className="jp-ckpt-quiet">
              {volume.reason || lifetime(volume.durability, trans)}
            </span>
          </label>
        ))}
      </div>
      <label className="jp-ckpt-Volumes-other">
        {trans.__('Folder')}
        <input
          type="text"
          className="jp-mod-styled"
          value={path}
          spellCheck={false}
          onChange={event => put(event.target.value)}
        />
      </label>
    </>
  );
}
