export * from './status';
export * from './warning';
