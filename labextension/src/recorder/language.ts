import type { Language } from '../kernel';

/** The language that was chosen, else that of the application. */
export function languageOf(chosen: unknown, application: string): Language {
  if (chosen === 'en' || chosen === 'zh_CN') {
    return chosen;
  }
  return /^zh(?![_-](TW|HK|Hant))/i.test(application) ? 'zh_CN' : 'en';
}
