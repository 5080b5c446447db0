// @vitest-environment jsdom
import './shims';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';
import { afterEach, describe, expect, it } from 'vitest';
import { HOSTILE, panelOver, row, run } from './page';
import { Root } from '../root';

const store = {
  id: 's',
  path: '/data',
  how: '',
  durability: 'persistent',
  reason: '',
  safe: true,
  free: 5e11,
  total: 1e12,
  read_only: false,
  size: 1000,
  checkpoints: 1,
  growth: null,
  warnings: [],
  problems: []
};

function answers(rows: ReturnType<typeof row>[], more = {}) {
  return {
    storage: { store, notice: null, volumes: [] },
    stores: { current: 's', stores: [store] },
    runs: { total: 1, offset: 0, runs: [run()], damaged: [] },
    checkpoints: {
      total: rows.length,
      offset: 0,
      rows,
      metric: 'loss',
      mode: 'min'
    },
    'runs/run/metrics': { run: 'run', axis: 'epoch', series: {} },
    ...more
  };
}

afterEach(cleanup);

describe('the panel', () => {
  it('is a grid with sorted columns that a keyboard can walk', async () => {
    const rows = [1, 2, 3].map(epoch =>
      row({ name: `epoch-000${epoch}`, epoch, best: epoch === 2 })
    );
    const panel = panelOver(answers(rows));
    render(<Root {...panel} />);
    panel.model.refresh();
    const grid = await screen.findByRole('grid');
    expect(grid.getAttribute('aria-rowcount')).toBe('4');
    const time = screen.getByRole('columnheader', { name: /Saved/ });
    expect(time.getAttribute('aria-sort')).toBe('descending');
    const shown = screen.getAllByRole('row').slice(1);
    expect(shown).toHaveLength(3);
    expect(shown.map(one => one.tabIndex)).toEqual([0, -1, -1]);
    expect(shown[1].getAttribute('aria-label')).toContain('best');

    shown[0].focus();
    fireEvent.keyDown(shown[0], { key: 'ArrowDown' });
    fireEvent.keyDown(shown[0], { key: 'ArrowDown', shiftKey: true });
    expect([...panel.model.rows.selection.chosen]).toEqual([
      'run/epoch-0002',
      'run/epoch-0003'
    ]);
  });

  it('shows what files say and never runs it', async () => {
    const bad = row({
      name: HOSTILE,
      note: HOSTILE,
      tags: [HOSTILE],
      metrics: { [HOSTILE]: 1 }
    });
    const runs = {
      total: 1,
      offset: 0,
      runs: [run({ id: 'run', metrics: [HOSTILE], metric: HOSTILE })],
      damaged: [{ path: HOSTILE, why: HOSTILE }]
    };
    const panel = panelOver(answers([bad], { runs }));
    const { container } = render(<Root {...panel} />);
    panel.model.refresh();
    await screen.findByRole('grid');
    expect(container.querySelector('img')).toBeNull();
    expect(container.textContent).toContain('<img');
    expect('hurt' in window).toBe(false);
  });

  it('says which part is missing, with a way on', async () => {
    const panel = panelOver({});
    render(<Root {...panel} />);
    panel.model.refresh();
    await screen.findByText('No server part');
  });

  it('says when nothing matches, and clears the filter', async () => {
    const panel = panelOver(answers([]));
    render(<Root {...panel} />);
    panel.model.remember({ filter: 'nothing' });
    panel.model.refresh();
    const clear = await screen.findAllByText('Clear the filter');
    fireEvent.click(clear[0]);
    expect(panel.model.remembered.filter).toBe('');
    await screen.findByText('This run has no checkpoints');
  });

  it('asks the server to sort and to filter', async () => {
    const panel = panelOver(answers([row()]));
    render(<Root {...panel} />);
    panel.model.refresh();
    await screen.findByRole('grid');
    fireEvent.click(screen.getByRole('button', { name: /Size/ }));
    panel.model.remember({ filter: 'is:best' });
    await screen.findByRole('grid');
    const last = panel.asked.filter(one => one.startsWith('checkpoints')).pop();
    expect(last).toContain('sort=size');
    expect(last).toContain('order=desc');
    expect(last).toContain('filter=is%3Abest');
    expect(last).toContain('limit=200');
  });
});
