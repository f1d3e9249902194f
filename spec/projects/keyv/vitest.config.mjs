// Servers and frameworks start, on machines that may be slow.
export default {
  test: { include: ['*.suite.*'], pool: 'forks', fileParallelism: false, testTimeout: 30_000 },
};
