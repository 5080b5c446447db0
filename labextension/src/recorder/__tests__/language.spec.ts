import { describe, expect, it } from 'vitest';
import { languageOf } from '../language';

describe('languageOf', () => {
  it.each([
    ['auto', 'en', 'en'],
    ['auto', 'zh-CN', 'zh_CN'],
    ['auto', 'zh_CN', 'zh_CN'],
    ['auto', 'zh', 'zh_CN'],
    ['auto', 'zh-TW', 'en'],
    ['auto', 'de', 'en'],
    ['en', 'zh_CN', 'en'],
    ['zh_CN', 'en', 'zh_CN'],
    [undefined, 'en', 'en'],
    ['klingon', 'zh-CN', 'zh_CN']
  ])('%s in an application that speaks %s is %s', (chosen, speaks, is) => {
    expect(languageOf(chosen, speaks)).toBe(is);
  });
});
