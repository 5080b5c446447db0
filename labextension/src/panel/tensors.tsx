import * as React from 'react';
import { ITensor } from '../api';
import { bytesText } from '../model';
import { usePanel } from './context';

const AT_FIRST = 50;

/** The tensors of a checkpoint, the first ones until more are asked for. */
export function Tensors(props: {
  tensors: ITensor[];
  total: number;
}): JSX.Element {
  const { trans } = usePanel();
  const [all, setAll] = React.useState(false);
  const { tensors, total } = props;
  const shown = all ? tensors : tensors.slice(0, AT_FIRST);
  return (
    <>
      <table className="jp-ckpt-Table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Name')}</th>
            <th scope="col">{trans.__('Shape')}</th>
            <th scope="col">{trans.__('Type')}</th>
            <th scope="col" className="jp-ckpt-number">
              {trans.__('Size')}
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map(tensor => (
            <tr key={tensor.name}>
              <th scope="row">{tensor.name}</th>
              <td>{tensor.shape.length ? tensor.shape.join(' × ') : '–'}</td>
              <td>{tensor.dtype}</td>
              <td className="jp-ckpt-number">{bytesText(tensor.bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < tensors.length && (
        <button
          type="button"
          className="jp-ckpt-Button"
          onClick={() => setAll(true)}
        >
          {trans._n(
            'Show %1 more',
            'Show %1 more',
            tensors.length - shown.length
          )}
        </button>
      )}
      {shown.length === tensors.length && total > tensors.length && (
        <p className="jp-ckpt-quiet">
          {trans.__('The largest %1 of %2.', tensors.length, total)}
        </p>
      )}
    </>
  );
}
