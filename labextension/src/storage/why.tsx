import { Dialog, showDialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IStorage } from '../api';
import { lifetime } from '../panel/badges';
import { verdictText } from '../panel/storagestrip';

/** Why a store is not safe, and what else there is. True when another one is to be chosen. */
export async function showWhy(
  storage: IStorage,
  trans: TranslationBundle
): Promise<boolean> {
  const { button } = await showDialog({
    title: trans.__('How safe are the training checkpoints?'),
    body: ReactWidget.create(<Why storage={storage} trans={trans} />),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Close') }),
      Dialog.okButton({ label: trans.__('Choose a Store') })
    ]
  });
  return button.accept;
}

function Why(props: {
  storage: IStorage;
  trans: TranslationBundle;
}): JSX.Element {
  const { storage, trans } = props;
  const { store, volumes } = storage;
  // most warnings begin with what is to be done and repeat the reason
  const more = store.warnings.filter(
    line => !store.reason || !line.includes(store.reason)
  );
  return (
    <div className="jp-ckpt-Why">
      <p>
        <span className="jp-ckpt-Path">{store.path}</span>
      </p>
      <p>
        <strong>{verdictText(store.durability, trans)}.</strong>{' '}
        {lifetime(store.durability, trans)}
      </p>
      {[store.reason, ...more, ...store.problems].filter(Boolean).map(line => (
        <p key={line}>{line}</p>
      ))}
      {volumes.length > 0 && (
        <table>
          <caption>{trans.__('The volumes of this machine')}</caption>
          <thead>
            <tr>
              <th scope="col">{trans.__('Folder')}</th>
              <th scope="col">{trans.__('Safety')}</th>
              <th scope="col">{trans.__('Why')}</th>
            </tr>
          </thead>
          <tbody>
            {volumes.map(volume => (
              <tr key={volume.path}>
                <td className="jp-ckpt-Path">{volume.path}</td>
                <td>{verdictText(volume.durability, trans)}</td>
                <td>{volume.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
