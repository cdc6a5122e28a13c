using Graft.Bench;
using Graft.Bench.Cluster;

return args is ["cluster", ..] ? await ClusterCommand.RunAsync(args.AsMemory(1)) : BenchCommand.Run(args);
