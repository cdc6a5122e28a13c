using Graft.Bench;

return BenchCommand.Run(args);
