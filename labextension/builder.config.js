// Named ids make two builds of the same sources the same bytes, wherever they are built.
module.exports = { optimization: { moduleIds: 'named', chunkIds: 'named' } };
