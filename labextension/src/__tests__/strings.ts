import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** Gettext puts this between a context and a text. */
const CONTEXT = '\u0004';

/** A text that is shown, as the catalogue knows it. */
export interface IText {
  key: string;
  plural: boolean;
  where: string;
}

/** Every text that goes through the translator in the sources; one that cannot be extracted is an error. */
export function textsOfSources(folder: string): IText[] {
  const found: IText[] = [];
  for (const file of files(folder)) {
    const source = ts.createSourceFile(
      file,
      readFileSync(file, 'utf8'),
      ts.ScriptTarget.ES2020,
      true,
      file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS
    );
    const visit = (node: ts.Node): void => {
      if (
        ts.isCallExpression(node) &&
        ts.isPropertyAccessExpression(node.expression)
      ) {
        const name = node.expression.name.text;
        const line = source.getLineAndCharacterOfPosition(node.pos).line + 1;
        const where = `${file}:${line}`;
        const literal = (index: number): string => {
          const argument = node.arguments[index];
          if (
            !argument ||
            !(
              ts.isStringLiteral(argument) ||
              ts.isNoSubstitutionTemplateLiteral(argument)
            )
          ) {
            throw new Error(`${where}: a text must be one plain string`);
          }
          return argument.text;
        };
        if (name === '__' || name === 'gettext') {
          found.push({ key: literal(0), plural: false, where });
        } else if (name === '_n' || name === 'ngettext') {
          literal(1);
          found.push({ key: literal(0), plural: true, where });
        } else if (name === '_p' || name === 'pgettext') {
          const key = literal(0) + CONTEXT + literal(1);
          found.push({ key, plural: false, where });
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

/** Titles and descriptions of the settings. */
export function textsOfSchemas(folder: string): IText[] {
  const found: IText[] = [];
  for (const name of readdirSync(folder)) {
    const where = join(folder, name);
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) {
        return;
      }
      for (const [field, inner] of Object.entries(value)) {
        const text = ['title', 'description', 'label', 'caption'];
        text.push('jupyter.lab.setting-icon-label');
        if (typeof inner === 'string' && text.includes(field)) {
          found.push({ key: `schema${CONTEXT}${inner}`, plural: false, where });
        }
        visit(inner);
      }
    };
    visit(JSON.parse(readFileSync(where, 'utf8')));
  }
  return found;
}

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      return entry.name === '__tests__' ? [] : files(path);
    }
    return /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}
