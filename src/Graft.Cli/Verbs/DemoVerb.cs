using System.CommandLine;

namespace Graft.Cli;

/// <summary><c>graft demo</c>.</summary>
internal static class DemoVerb
{
    private const int NodesMax = 9;

    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(1);

    internal static GraftVerb Build(VerbBuilder verbs)
    {
        var nodes = new Option<int?>("--nodes") { Description = $"How many nodes, 1 to {NodesMax} (default 3)", HelpName = "count" };
        var noInput = new Option<bool>("--no-input") { Description = "Read no keys" };
        var seconds = new Option<double?>("--seconds") { Description = "End after so long; otherwise with q or Ctrl+C", HelpName = "count" };
        var keep = new Option<bool>("--keep") { Description = "Leave the data where it is at the end" };
        var data = new Option<string?>("--data") { Description = "Directory of the data, kept; started again, it goes on there", HelpName = "dir" };
        var port = new Option<int?>("--port") { Description = "Port of the first node, the others count on; 0 takes any (default 8080)", HelpName = "port" };
        var verb = new GraftVerb("demo", "Local 3-node cluster with sample data, to break and heal", VerbGroup.Start)
        {
            Options = { nodes, port, noInput, seconds, keep, data },
            Examples = ["graft demo", "graft demo --nodes 5", "graft demo --no-input --seconds 10"],
            Remarks = ["Each node is a process of its own. Nothing is left behind but with --keep."],
        };
        return verbs.With(verb, async (run, cancellation) =>
        {
            int count = run.Typed.GetValue(nodes) ?? 3;
            if (count is < 1 or > NodesMax)
            {
                throw Invocation.Usage($"--nodes: expected 1 to {NodesMax}, found {count}");
            }

            double? length = run.Typed.GetValue(seconds);
            if (length is <= 0 or > 1e6)
            {
                throw Invocation.Usage($"--seconds: expected a number above zero, found {length}");
            }

            int first = run.Typed.GetValue(port) ?? 8080;
            if (first is < 0 or > 65535 - NodesMax)
            {
                throw Invocation.Usage($"--port: expected 0 to {65535 - NodesMax}, found {first}");
            }

            string? directory = run.Typed.GetValue(data);
            bool keeps = run.Typed.GetValue(keep) || directory is not null;
            directory ??= Directory.CreateTempSubdirectory("graft-demo-").FullName;
            var demo = new DemoRun(run, directory, count, first, keeps);
            await RunAsync(run, demo, run.Typed.GetValue(noInput), length is { } bounded ? TimeSpan.FromSeconds(bounded) : null, cancellation);
            if (!run.IsJson)
            {
                await run.Terminal.Out.WriteAsync(keeps
                    ? $"Stopped. The data is in {directory}; go on with: graft demo --data {directory}\n"
                    : "Stopped. Data removed. Keep it next time: graft demo --keep\n");
            }

            return 0;
        });
    }

    private static async Task RunAsync(Invocation run, DemoRun demo, bool noInput, TimeSpan? length, CancellationToken cancellation)
    {
        await using (demo)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            patience.CancelAfter(StartPatience);
            try
            {
                await demo.StartAsync(patience.Token);
                await demo.WatchAsync(length, noInput ? null : DemoKeys.Listen(run.Terminal), cancellation);
            }
            catch (Exception thrown) when (thrown is GraftException or OperationCanceledException)
            {
                if (!cancellation.IsCancellationRequested)
                {
                    throw new FailureException(new Failure(FailureCode.Error, "the demo didn't get up") { Facts = [thrown.Message] });
                }
            }
        }
    }
}
