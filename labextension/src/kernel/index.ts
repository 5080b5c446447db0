export * from './connection';
export * from './link';
export * from './plugin';
export * from './recorded';
export * from './wire';
