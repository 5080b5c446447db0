// @vitest-environment jsdom
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Gettext } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';
import { textsOfSchemas, textsOfSources } from './strings';

const ROOT = join(__dirname, '..', '..');
const CATALOGUE = join(
  ROOT,
  '../src/jupyter_ckpt/locale/zh_CN/LC_MESSAGES/jupyter_ckpt.json'
);
const texts = [
  ...textsOfSources(join(ROOT, 'src')),
  ...textsOfSchemas(join(ROOT, 'schema'))
];
const { '': header, ...catalogue } = JSON.parse(
  readFileSync(CATALOGUE, 'utf8')
) as Record<string, string[]> & { '': Record<string, string> };

const places = (text: string) =>
  [...new Set(text.match(/%\d/g) ?? [])].sort().join(' ');

describe('the Chinese catalogue', () => {
  it('has every text that is shown', () => {
    const missing = texts.filter(text => !catalogue[text.key]?.[0]);
    expect(missing.map(text => `${text.where} ${text.key}`)).toEqual([]);
  });

  it('has no text that is not shown any more', () => {
    const shown = new Set(texts.map(text => text.key));
    expect(Object.keys(catalogue).filter(key => !shown.has(key))).toEqual([]);
  });

  it('tells plurals from others as gettext wants it', () => {
    // a text with one form is not found by _n, one with two not by __
    const wrong = texts.filter(
      text => catalogue[text.key]?.length !== (text.plural ? 2 : 1)
    );
    expect(wrong).toEqual([]);
  });

  it('keeps what is put into a text', () => {
    const wrong = Object.entries(catalogue).filter(
      ([key, [text]]) => places(key) !== places(text)
    );
    expect(wrong).toEqual([]);
  });

  it('is found by the application', () => {
    const trans = new Gettext({ domain: 'jupyter_ckpt', locale: 'zh-CN' });
    const pluralForms = header.plural_forms;
    trans.loadJSON(
      {
        ...catalogue,
        '': {
          domain: header.domain,
          language: 'zh-CN',
          pluralForms
        }
      },
      'jupyter_ckpt'
    );
    expect(trans.__('Training checkpoints')).toBe('训练检查点');
    expect(trans._n('%1 checkpoint', '%1 checkpoints', 3)).toBe('3 个检查点');
  });
});
