import { ISignal } from '@lumino/signaling';
import * as React from 'react';
import { ApiError } from '../api';
import { Asked, Question } from '../model';

/** Draw again whenever a signal is emitted; many at once are one. */
export function useSignal(signal: ISignal<unknown, unknown>): void {
  const [, draw] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    let frame = 0;
    const onSignal = () => {
      if (!frame) {
        frame = window.setTimeout(() => {
          frame = 0;
          draw();
        }, 0);
      }
    };
    signal.connect(onSignal);
    onSignal();
    return () => {
      window.clearTimeout(frame);
      signal.disconnect(onSignal);
    };
  }, [signal]);
}

/** What came of a question. */
export interface IAnswer<T> {
  value: T | null;
  error: ApiError | null;
  again: () => void;
}

/** Ask when `key` is another one (which drops the old answer) or `revision` is (which keeps it meanwhile). */
export function useAnswer<T>(
  key: string,
  revision: number,
  question: Question<T>
): IAnswer<T> {
  const [, draw] = React.useReducer((count: number) => count + 1, 0);
  const asked = React.useMemo(() => new Asked<T>(draw), []);
  const latest = React.useRef(question);
  latest.current = question;
  const again = React.useCallback(() => {
    void asked.ask(key, signal => latest.current(signal));
  }, [asked, key]);
  React.useEffect(again, [again, revision]);
  React.useEffect(() => () => asked.clear(), [asked]);
  const mine = asked.key === key;
  return {
    value: mine ? asked.value : null,
    error: mine ? asked.error : null,
    again
  };
}

/** Width of an element, followed. */
export function useWidth(
  ref: React.RefObject<HTMLElement>,
  first: number
): number {
  const [width, setWidth] = React.useState(first);
  React.useLayoutEffect(() => {
    const node = ref.current;
    if (!node) {
      return;
    }
    const measure = () => {
      if (node.clientWidth) {
        setWidth(node.clientWidth);
      }
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(node);
    return () => observer.disconnect();
  }, [ref]);
  return width;
}

/** This moment, again every `every` milliseconds while the page can be seen. */
export function useNow(every: number): number {
  const [now, setNow] = React.useState(Date.now);
  React.useEffect(() => {
    const timer = window.setInterval(() => {
      if (!document.hidden) {
        setNow(Date.now());
      }
    }, every);
    return () => window.clearInterval(timer);
  }, [every]);
  return now;
}
