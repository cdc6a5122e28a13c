using Graft.Bench;
using Graft.Bench.Cluster;
using Graft.Bench.Follower;
using Graft.Bench.Http;

return args switch
{
    ["cluster", ..] => await ClusterCommand.RunAsync(args.AsMemory(1)),
    ["idle", ..] => await IdleCommand.RunAsync(args.AsMemory(1)),
    ["http", ..] => await HttpCommand.RunAsync(args.AsMemory(1)),
    ["follower", ..] => await FollowerCommand.RunAsync(args.AsMemory(1)),
    _ => BenchCommand.Run(args),
};
