export * from './plugin';
export * from './renderer';
