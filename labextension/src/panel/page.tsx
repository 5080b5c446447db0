import { caretLeftIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { ApiError } from '../api';
import { usePanel } from './context';
import { warningIcon } from './icons';

/** Properties of `Page`. */
export interface IPageProps {
  title: string;
  subtitle?: React.ReactNode;
  actions?: React.ReactNode;
  error?: ApiError | null;
  loading?: boolean;
  onRetry?: () => void;
  children: React.ReactNode;
}

/** A page that lies over the list, with the way back. */
export function Page(props: IPageProps): JSX.Element {
  const { model, trans } = usePanel();
  const heading = React.useRef<HTMLHeadingElement>(null);
  React.useEffect(() => heading.current?.focus(), []);
  return (
    <section className="jp-ckpt-Page" aria-label={props.title}>
      <div className="jp-ckpt-Page-head">
        <button
          type="button"
          className="jp-ckpt-Button"
          title={trans.__('Back to the list')}
          aria-label={trans.__('Back to the list')}
          onClick={() => {
            model.view = { kind: 'list' };
          }}
        >
          <caretLeftIcon.react tag="span" className="jp-ckpt-Icon" />
        </button>
        <div className="jp-ckpt-Page-titles">
          <h3 ref={heading} tabIndex={-1}>
            {props.title}
          </h3>
          {props.subtitle}
        </div>
      </div>
      {props.actions && (
        <div
          className="jp-ckpt-Toolbar jp-ckpt-Page-actions"
          role="toolbar"
          aria-label={trans.__('Actions')}
        >
          {props.actions}
        </div>
      )}
      <div className="jp-ckpt-Page-body">
        {props.error && (
          <div className="jp-ckpt-Trouble" role="alert">
            <warningIcon.react tag="span" className="jp-ckpt-Icon" />
            <span>
              {props.error.message}{' '}
              {props.onRetry && (
                <button
                  type="button"
                  className="jp-ckpt-Button"
                  onClick={props.onRetry}
                >
                  {trans.__('Try again')}
                </button>
              )}
            </span>
          </div>
        )}
        {props.loading && !props.error && (
          <div className="jp-ckpt-Loading" role="status">
            <span className="jp-ckpt-hidden">{trans.__('Loading…')}</span>
            <span className="jp-ckpt-Skeleton" />
            <span className="jp-ckpt-Skeleton" />
            <span className="jp-ckpt-Skeleton" />
          </div>
        )}
        {props.children}
      </div>
    </section>
  );
}

/** A part of a page that can be folded; left out when it is empty. */
export function Section(props: {
  title: string;
  count?: number;
  open?: boolean;
  children: React.ReactNode;
}): JSX.Element | null {
  if (props.count === 0) {
    return null;
  }
  return (
    <details className="jp-ckpt-Section" open={props.open}>
      <summary>
        {props.title}
        {props.count !== undefined && (
          <span className="jp-ckpt-quiet"> {props.count}</span>
        )}
      </summary>
      <div className="jp-ckpt-Section-body">{props.children}</div>
    </details>
  );
}

/** Names and values in two columns. */
export function Fields(props: {
  fields: [string, React.ReactNode][];
}): JSX.Element {
  return (
    <dl className="jp-ckpt-Fields">
      {props.fields.map(([name, value]) => (
        <React.Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </React.Fragment>
      ))}
    </dl>
  );
}
